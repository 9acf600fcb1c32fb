import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { createPolicyVersion, deletePolicy, policyQuery } from "../api/registry";
import type { Policy as PolicyData, PolicyVersion } from "../api/types.gen";
import { ActionDialog } from "../components/ActionDialog";
import { NotLoaded } from "../components/NotLoaded";
import { Stale } from "../components/StateViews";
import { dateTime } from "../lib/format";
import { useIsAdmin } from "../lib/role";
import { laidOut, useVerdict } from "../policy/draft";
import { Explain } from "../policy/Explain";
import { PolicyEditor } from "../policy/PolicyEditor";
import { Targets } from "../policy/Targets";
import { Verdict } from "../policy/Verdict";
import { Versions } from "../policy/Versions";
import { Leaving } from "../profiles/Leaving";

const route = getRouteApi("/policies/$name");

export function Policy() {
  const { name } = route.useParams();
  const { data, error, refetch } = useQuery(policyQuery(name));
  if (!data) {
    return (
      <NotLoaded
        title={name}
        what="the policy"
        error={error}
        retry={() => void refetch()}
        gone={{
          title: "There is no policy of this name",
          children: (
            <Link to="/policies" search={{}}>
              All policies
            </Link>
          ),
        }}
      />
    );
  }
  return <Loaded key={data.name} policy={data} error={error} />;
}

function Loaded({ policy, error }: { policy: PolicyData; error: Error | null }) {
  const inForce = policy.versions.find((version) => version.is_default);
  const [shown, setShown] = useState(inForce?.id ?? 0);
  // Counts what was put into the editor: each time it begins anew.
  const [edition, setEdition] = useState(0);
  const version = policy.versions.find((one) => one.id === shown) ?? inForce;
  const stored = laidOut(version?.document ?? "");
  const [document, setDocument] = useState(stored);
  const [wanted, setWanted] = useState<PolicyVersion | null>(null);
  const [isGone, setGone] = useState(false);
  const isChanged = document !== stored;
  const show = (one: PolicyVersion) => {
    setShown(one.id);
    setEdition((count) => count + 1);
    setDocument(laidOut(one.document));
  };
  return (
    <div className="page">
      <Head policy={policy} onDeleted={() => setGone(true)} />
      <Stale error={error} />
      <div className="columns">
        <div className="stack">
          <Document
            policy={policy}
            edition={edition}
            stored={stored}
            document={document}
            onChange={setDocument}
            onSaved={show}
          />
          <Versions
            policy={policy}
            shown={version?.id ?? 0}
            // What was typed is not thrown away unasked.
            show={(one) => (isChanged ? setWanted(one) : show(one))}
            document={document}
          />
          <Targets policy={policy} />
        </div>
        <Explain document={document} replaces={policy.name} />
      </div>
      <Leaving isChanged={isChanged && !isGone} />
      {wanted ? (
        <ActionDialog
          title="Discard your changes?"
          verb="Discard them"
          dangerous
          onClose={() => setWanted(null)}
          act={async () => show(wanted)}
        >
          <p>
            The stored version {wanted.id} takes the place of what is in the editor, which is saved nowhere.
          </p>
        </ActionDialog>
      ) : null}
    </div>
  );
}

function Head({ policy, onDeleted }: { policy: PolicyData; onDeleted: () => void }) {
  const [asked, setAsked] = useState(false);
  const isAdmin = useIsAdmin();
  const navigate = useNavigate();
  return (
    <div className="page-head">
      <h1 className="anywhere">{policy.name}</h1>
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
            onDeleted();
            await navigate({ to: "/policies", search: {}, ignoreBlocker: true });
          }}
        >
          <Obstacles policy={policy} />
        </ActionDialog>
      ) : null}
    </div>
  );
}

/** What has to be done before it can be deleted. */
function Obstacles({ policy }: { policy: PolicyData }) {
  const others = policy.versions.length - 1;
  const targets = policy.targets.length;
  if (others === 0 && targets === 0) return <p>It is attached to nothing, so nobody loses a right.</p>;
  return (
    <>
      <p>It cannot be deleted yet:</p>
      <ul className="bullets">
        {targets > 0 ? (
          <li>
            it is attached to {targets === 1 ? "one target" : `${targets} targets`}: detach it under “Attached
            to”
          </li>
        ) : null}
        {others > 0 ? (
          <li>
            it has {others === 1 ? "one version" : `${others} versions`} besides the one in force: delete{" "}
            {others === 1 ? "it" : "them"} under “Versions”
          </li>
        ) : null}
      </ul>
    </>
  );
}

type DocumentProps = {
  policy: PolicyData;
  edition: number;
  stored: string;
  document: string;
  onChange: (text: string) => void;
  onSaved: (version: PolicyVersion) => void;
};

function Document({ policy, edition, stored, document, onChange, onSaved }: DocumentProps) {
  const isAdmin = useIsAdmin();
  const verdict = useVerdict(document);
  const [problem, setProblem] = useState<string | null>(null);
  const isChanged = document !== stored;
  const save = async (make_default: boolean) => {
    setProblem(null);
    try {
      const saved = await createPolicyVersion(policy.name, { document, make_default });
      // The newest is the first.
      const [made] = saved.versions;
      if (made) onSaved(made);
    } catch (error) {
      setProblem(error instanceof Error ? error.message : "It did not work.");
    }
  };
  return (
    <section className="panel" aria-label="Document">
      <PolicyEditor
        key={edition}
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
          <span className="end">
            <button
              type="button"
              className="button"
              disabled={verdict !== null || !isChanged}
              onClick={() => void save(false)}
            >
              Save as a version
            </button>
            <button
              type="button"
              className="button primary"
              disabled={verdict !== null || !isChanged}
              onClick={() => void save(true)}
            >
              Put in force as a new version
            </button>
          </span>
        ) : null}
      </div>
    </section>
  );
}
