// Saving a draft over the version it began with, and what to do when somebody else was faster.
import { useState } from "react";
import { ApiError } from "../api/client";
import { profileQuery, replaceProfile } from "../api/profiles";
import { queryClient } from "../api/queries";
import type { Profile as SecurityProfile } from "../api/types.gen";
import { Dialog } from "../components/Dialog";
import { dateTime } from "../lib/format";
import { authored, differences, type Members } from "./document";

type Props = {
  /** The version that the draft began with. */
  base: SecurityProfile;
  document: Members;
  /** Why it cannot be saved, or null. */
  obstacle: string | null;
  isChanged: boolean;
  isInOrder: boolean;
  /** Begins anew with what is stored now. */
  onRestart: () => void;
};

export function Save({ base, document, obstacle, isChanged, isInOrder, onRestart }: Props) {
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [newer, setNewer] = useState<SecurityProfile | null>(null);
  const save = async (version: number) => {
    setBusy(true);
    setProblem(null);
    try {
      await replaceProfile(base.name, { document, expected_version: version });
      setNewer(null);
      onRestart();
    } catch (error) {
      const isConflict = error instanceof ApiError && error.code === "conflict";
      const now = isConflict ? await stored(base.name) : null;
      if (now && now.version !== version) setNewer(now);
      else setProblem(error instanceof Error ? error.message : "It did not work.");
    }
    setBusy(false);
  };
  return (
    <>
      {problem ? (
        <span className="text-bad" role="alert">
          {problem}
        </span>
      ) : null}
      {obstacle ? (
        <span className="muted" id="save-obstacle">
          {obstacle}
        </span>
      ) : null}
      {isChanged ? (
        <button type="button" className="button" onClick={onRestart}>
          Discard changes
        </button>
      ) : null}
      <button
        type="button"
        className="button primary"
        disabled={obstacle !== null || !isChanged || !isInOrder || busy}
        aria-describedby={obstacle ? "save-obstacle" : undefined}
        onClick={() => void save(base.version)}
      >
        {busy ? "One moment …" : "Save"}
      </button>
      {newer ? (
        <Conflict
          base={base}
          newer={newer}
          document={document}
          onReload={() => {
            setNewer(null);
            onRestart();
          }}
          onOverwrite={() => void save(newer.version)}
          onClose={() => setNewer(null)}
        />
      ) : null}
    </>
  );
}

async function stored(name: string): Promise<SecurityProfile | null> {
  try {
    return await queryClient.fetchQuery({ ...profileQuery(name), staleTime: 0 });
  } catch {
    return null;
  }
}

const MEMBERS: Record<string, string> = {
  securityProfileDescription: "the description",
  additionalMetricsToRetainV2: "the metrics that are also kept",
  alertTargets: "the alert topic",
  metricsExportConfig: "the export",
};

/** A member of a document in words; a behavior by its name. */
function memberText(member: string): string {
  return MEMBERS[member] ?? member;
}

type ConflictProps = {
  base: SecurityProfile;
  newer: SecurityProfile;
  document: Members;
  onReload: () => void;
  onOverwrite: () => void;
  onClose: () => void;
};

function Conflict({ base, newer, document, onReload, onOverwrite, onClose }: ConflictProps) {
  const before = authored(base.document);
  const theirs = differences(before, authored(newer.document));
  const yours = differences(before, document);
  return (
    <Dialog title="Somebody else has changed it" onClose={onClose}>
      <div className="panel-body stack">
        <p>
          You began with version {base.version}. Version {newer.version} was saved on{" "}
          {dateTime(newer.modified_ms)}.
        </p>
        <dl className="facts">
          <dt>They changed</dt>
          <dd>{theirs.map(memberText).join(", ") || "nothing that is shown here"}</dd>
          <dt>You changed</dt>
          <dd>{yours.map(memberText).join(", ") || "nothing"}</dd>
        </dl>
        <p>Overwriting puts all of yours in its place; reloading drops what you changed.</p>
      </div>
      <div className="foot">
        <button type="button" className="button" onClick={onClose}>
          Go on editing
        </button>
        <button type="button" className="button" onClick={onReload}>
          Reload theirs
        </button>
        <button type="button" className="button danger" onClick={onOverwrite}>
          Overwrite with mine
        </button>
      </div>
    </Dialog>
  );
}
