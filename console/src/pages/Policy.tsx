import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import {
  attachPolicyToGroup,
  createPolicyVersion,
  deletePolicy,
  deletePolicyVersion,
  policyQuery,
  setDefaultVersion,
} from "../api/registry";
import type { Policy as PolicyData, PolicyVersion } from "../api/types.gen";
import { ActionDialog, Field } from "../components/ActionDialog";
import { Icon } from "../components/Icon";
import { CertificateLink, GroupLink } from "../components/RegistryLinks";
import { Empty, Failed, Loading } from "../components/StateViews";
import { dateTime } from "../lib/format";
import { useIsAdmin } from "../lib/role";
import { laidOut, useVerdict } from "../policy/draft";
import { Explain } from "../policy/Explain";
import { PolicyEditor } from "../policy/PolicyEditor";
import { Verdict } from "../policy/Verdict";

const route = getRouteApi("/policies/$name");

export function Policy() {
  const { name } = route.useParams();
  const { data, error, refetch } = useQuery(policyQuery(name));
  if (!data) {
    return (
      <div className="page">
        <h1>{name}</h1>
        <section className="panel">
          {error ? (
            <Failed what="The policy could not be loaded" error={error} retry={() => void refetch()} />
          ) : (
            <Loading what="the policy" />
          )}
        </section>
      </div>
    );
  }
  return <Loaded key={data.name} policy={data} />;
}

function Loaded({ policy }: { policy: PolicyData }) {
  const inForce = policy.versions.find((version) => version.is_default);
  const [shown, setShown] = useState(inForce?.id ?? 0);
  const version = policy.versions.find((one) => one.id === shown) ?? inForce;
  const stored = laidOut(version?.document ?? "");
  const [document, setDocument] = useState(stored);
  const show = (one: PolicyVersion) => {
    setShown(one.id);
    setDocument(laidOut(one.document));
  };
  return (
    <div className="page">
      <Head policy={policy} />
      <div className="columns">
        <div className="stack">
          <Document
            policy={policy}
            stored={stored}
            document={document}
            onChange={setDocument}
            onSaved={setShown}
          />
          <Versions policy={policy} shown={version?.id ?? 0} show={show} />
          <Targets policy={policy} />
        </div>
        <Explain document={document} />
      </div>
    </div>
  );
}

function Head({ policy }: { policy: PolicyData }) {
  const [asked, setAsked] = useState(false);
  const isAdmin = useIsAdmin();
  const navigate = useNavigate();
  return (
    <div className="page-head">
      <h1>{policy.name}</h1>
      <span className="muted number">changed {dateTime(policy.modified_ms)}</span>
      {isAdmin ? (
        <button type="button" className="button danger end" onClick={() => setAsked(true)}>
          Delete …
        </button>
      ) : null}
      {asked ? (
        <ActionDialog
          title={`Delete ${policy.name}?`}
          verb="Delete"
          dangerous
          onClose={() => setAsked(false)}
          act={async () => {
            await deletePolicy(policy.name);
            await navigate({ to: "/policies", search: {} });
          }}
        >
          <p>It must be attached to nothing, and have one version only.</p>
        </ActionDialog>
      ) : null}
    </div>
  );
}

type DocumentProps = {
  policy: PolicyData;
  stored: string;
  document: string;
  onChange: (text: string) => void;
  onSaved: (version: number) => void;
};

function Document({ policy, stored, document, onChange, onSaved }: DocumentProps) {
  const isAdmin = useIsAdmin();
  const verdict = useVerdict(document);
  const [problem, setProblem] = useState<string | null>(null);
  const isChanged = document !== stored;
  const save = async () => {
    setProblem(null);
    try {
      const saved = await createPolicyVersion(policy.name, { document, make_default: true });
      onSaved(saved.versions.find((version) => version.is_default)?.id ?? 0);
    } catch (error) {
      setProblem(error instanceof Error ? error.message : "It did not work.");
    }
  };
  return (
    <section className="panel" aria-label="Document">
      <PolicyEditor
        label="Policy document"
        text={stored}
        problem={verdict ?? null}
        readOnly={!isAdmin}
        onChange={onChange}
      />
      {problem ? (
        <div className="notice bad" role="alert">
          {problem}
        </div>
      ) : null}
      <div className="panel-foot">
        <Verdict verdict={verdict} />
        {isAdmin ? (
          <button
            type="button"
            className="button primary end"
            disabled={verdict !== null || !isChanged}
            onClick={() => void save()}
          >
            Put in force as a new version
          </button>
        ) : null}
      </div>
    </section>
  );
}

type VersionsProps = { policy: PolicyData; shown: number; show: (version: PolicyVersion) => void };

function Versions({ policy, shown, show }: VersionsProps) {
  const isAdmin = useIsAdmin();
  const [problem, setProblem] = useState<string | null>(null);
  const act = async (change: () => Promise<unknown>) => {
    setProblem(null);
    try {
      await change();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : "It did not work.");
    }
  };
  return (
    <section className="panel" aria-labelledby="versions">
      <div className="panel-head">
        <h2 id="versions">Versions</h2>
      </div>
      {problem ? (
        <div className="notice bad" role="alert">
          {problem}
        </div>
      ) : null}
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
            {isAdmin && !version.is_default ? (
              <span className="end">
                <button
                  type="button"
                  className="button quiet"
                  onClick={() => void act(() => setDefaultVersion(policy.name, version.id))}
                >
                  Put in force
                </button>
                <button
                  type="button"
                  className="button quiet"
                  aria-label={`Delete version ${version.id}`}
                  onClick={() => void act(() => deletePolicyVersion(policy.name, version.id))}
                >
                  Delete
                </button>
              </span>
            ) : null}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Targets({ policy }: { policy: PolicyData }) {
  const isAdmin = useIsAdmin();
  const [adding, setAdding] = useState(false);
  return (
    <section className="panel" aria-labelledby="targets">
      <div className="panel-head">
        <h2 id="targets">Attached to</h2>
        {isAdmin ? (
          <button type="button" className="button quiet end" onClick={() => setAdding(true)}>
            <Icon name="plus" />
            Attach to a group
          </button>
        ) : null}
      </div>
      {policy.targets.length === 0 ? <Empty title="It is attached to nothing" /> : null}
      <ul className="ties">
        {policy.targets.map((target) => (
          <li key={`${target.kind}-${target.name}`}>
            <span className="muted">{target.kind}</span>
            {target.kind === "certificate" ? <CertificateLink id={target.name} /> : null}
            {target.kind === "group" ? <GroupLink name={target.name} /> : null}
            {target.kind === "identity" ? target.name : null}
          </li>
        ))}
      </ul>
      {policy.has_more_targets ? <p className="muted panel-body">Only the first are shown.</p> : null}
      {adding ? (
        <ActionDialog
          title="Attach to a group"
          verb="Attach"
          onClose={() => setAdding(false)}
          act={(field) => attachPolicyToGroup(policy.name, field("group"))}
        >
          <Field name="group" label="Group" required />
        </ActionDialog>
      ) : null}
    </section>
  );
}
