// A policy's versions: look at one, compare it, put it in force, delete it.
import { useState } from "react";
import { deletePolicyVersion, setDefaultVersion } from "../api/registry";
import type { Policy, PolicyVersion } from "../api/types.gen";
import { ActionDialog } from "../components/ActionDialog";
import { dateTime } from "../lib/format";
import { useIsAdmin } from "../lib/role";
import { Compare } from "./Compare";
import { laidOut } from "./draft";

type Props = {
  policy: Policy;
  /** The version that is in the editor. */
  shown: number;
  show: (version: PolicyVersion) => void;
  /** What is in the editor. */
  document: string;
};

type Asked = { what: "force" | "delete"; version: PolicyVersion };

export function Versions({ policy, shown, show, document }: Props) {
  const isAdmin = useIsAdmin();
  const [asked, setAsked] = useState<Asked | null>(null);
  const [compared, setCompared] = useState<number | null>(null);
  const other = policy.versions.find((version) => version.id === compared);
  return (
    <section className="panel" aria-labelledby="versions">
      <div className="panel-head">
        <h2 id="versions">Versions</h2>
      </div>
      <ul className="ties">
        {policy.versions.map((version) => (
          <li key={version.id}>
            <button
              type="button"
              className="button quiet"
              aria-pressed={version.id === shown}
              onClick={() => show(version)}
            >
              Version {version.id}
            </button>
            {version.is_default ? <span className="badge good">in force</span> : null}
            <span className="muted number">{dateTime(version.created_ms)}</span>
            <span className="end">
              <button
                type="button"
                className="button quiet"
                aria-pressed={version.id === compared}
                aria-label={`Compare version ${version.id} with the editor`}
                onClick={() => setCompared(version.id === compared ? null : version.id)}
              >
                Compare
              </button>
              {isAdmin && !version.is_default ? (
                <>
                  <button
                    type="button"
                    className="button quiet"
                    aria-label={`Put in force: version ${version.id}`}
                    onClick={() => setAsked({ what: "force", version })}
                  >
                    Put in force …
                  </button>
                  <button
                    type="button"
                    className="button quiet"
                    aria-label={`Delete version ${version.id}`}
                    onClick={() => setAsked({ what: "delete", version })}
                  >
                    Delete …
                  </button>
                </>
              ) : null}
            </span>
          </li>
        ))}
      </ul>
      {other ? (
        <div className="ruled">
          <p className="muted panel-body">From version {other.id} to what is in the editor:</p>
          <Compare
            label={`Changes since version ${other.id}`}
            before={laidOut(other.document)}
            after={document}
          />
        </div>
      ) : null}
      {asked ? <Question policy={policy} asked={asked} onClose={() => setAsked(null)} /> : null}
    </section>
  );
}

type QuestionProps = { policy: Policy; asked: Asked; onClose: () => void };

function Question({ policy, asked, onClose }: QuestionProps) {
  const { what, version } = asked;
  const inForce = policy.versions.find((one) => one.is_default);
  if (what === "delete") {
    return (
      <ActionDialog
        title={`Delete version ${version.id}?`}
        verb="Delete"
        dangerous
        onClose={onClose}
        act={() => deletePolicyVersion(policy.name, version.id)}
      >
        <p>It is not in force. Its text is lost.</p>
      </ActionDialog>
    );
  }
  return (
    <ActionDialog
      title={`Put version ${version.id} in force?`}
      verb="Put in force"
      dangerous
      onClose={onClose}
      act={() => setDefaultVersion(policy.name, version.id)}
    >
      <p>
        Within a second it holds for everybody the policy is attached to. Who may not connect any more is cut
        off, and subscriptions that are not allowed any more end.
      </p>
      <Compare
        label="What changes by it"
        before={laidOut(inForce?.document ?? "")}
        after={laidOut(version.document)}
      />
    </ActionDialog>
  );
}
