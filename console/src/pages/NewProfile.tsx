// A new security profile, empty or like another.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { attachProfile, createProfile, profileQuery } from "../api/profiles";
import { Failed, Loading } from "../components/StateViews";
import { useIsAdmin, useIsAnalyst } from "../lib/role";
import { authored, freeName, keeping, type Members } from "../profiles/document";
import { useCheck, useDraft } from "../profiles/draft";
import { Editor, isInOrder, isWrong } from "../profiles/Editor";
import { FieldBox } from "../profiles/FieldBox";
import { Leaving } from "../profiles/Leaving";
import { Preview } from "../profiles/Preview";
import { Suggestions } from "../profiles/Suggestions";
import { type Target, TargetChoice, targetArns } from "../profiles/TargetChoice";

const route = getRouteApi("/new-profile");
const EMPTY: Members = { behaviors: [] };

export function NewProfile() {
  const { from } = route.useSearch();
  if (from === undefined) return <NewDraft key="new" name="" initial={EMPTY} />;
  return <Copy key={from} from={from} />;
}

function Copy({ from }: { from: string }) {
  const { data, error, refetch } = useQuery({ ...profileQuery(from), refetchInterval: false });
  if (data) return <NewDraft name={freeName(from, [from])} initial={authored(data.document)} />;
  return (
    <div className="page">
      <h1>New profile</h1>
      <section className="panel">
        {error ? (
          <Failed what={`${from} could not be loaded`} error={error} retry={() => void refetch()} />
        ) : (
          <Loading what={from} />
        )}
      </section>
    </div>
  );
}

function NewDraft({ name: firstName, initial }: { name: string; initial: Members }) {
  const [name, setName] = useState(firstName);
  const [target, setTarget] = useState<Target>({ whom: "nothing", group: "" });
  const draft = useDraft(initial);
  // The server says what is wrong with a name; that there is none yet is no news.
  const check = useCheck(name === "" ? undefined : name, draft.document);
  const isAdmin = useIsAdmin();
  const isAnalyst = useIsAnalyst();
  const [isDone, setIsDone] = useState(false);
  return (
    <div className="page">
      <div className="page-head">
        <h1>New profile</h1>
      </div>
      <div className="columns">
        <Editor
          draft={draft}
          check={check}
          readOnly={!isAnalyst}
          head={
            <div className="panel-body form-grid">
              <FieldBox label="Name" place="securityProfileName" problems={check.problems ?? []}>
                {(control) => (
                  <input
                    {...control}
                    className="input mono"
                    value={name}
                    required
                    maxLength={128}
                    spellCheck={false}
                    autoComplete="off"
                    onChange={(event) => setName(event.target.value.trim())}
                  />
                )}
              </FieldBox>
              <TargetChoice target={target} onChange={setTarget} mayBeNothing />
            </div>
          }
          actions={
            <>
              <Suggestions
                document={draft.document}
                edit={draft.edit}
                group={target.whom === "group" ? target.group : ""}
              />
              <Create
                name={name}
                document={draft.document}
                targets={targetArns(target)}
                obstacle={isAdmin ? null : "Only administrators may create profiles."}
                isReady={
                  isInOrder(draft, check) && name !== "" && (target.whom !== "group" || target.group !== "")
                }
                onDone={() => setIsDone(true)}
              />
            </>
          }
        />
        <Preview
          name={name === "" ? undefined : name}
          document={draft.document}
          targets={targetArns(target)}
          isInOrder={isInOrder(draft, check)}
          isWrong={isWrong(draft, check)}
          onKeep={isAnalyst ? (behavior) => draft.edit((now) => keeping(now, behavior)) : undefined}
        />
      </div>
      <Leaving isChanged={isAdmin && !isDone && draft.document !== initial} />
    </div>
  );
}

type CreateProps = {
  name: string;
  document: Members;
  targets: string[];
  obstacle: string | null;
  isReady: boolean;
  onDone: () => void;
};

function Create({ name, document, targets, obstacle, isReady, onDone }: CreateProps) {
  const navigate = useNavigate();
  const [problem, setProblem] = useState<string | null>(null);
  const [isCreated, setIsCreated] = useState(false);
  const [busy, setBusy] = useState(false);
  const create = async () => {
    setBusy(true);
    setProblem(null);
    try {
      // Where attaching failed, the next try does not create it again.
      if (!isCreated) await createProfile({ name, document });
      setIsCreated(true);
      for (const arn of targets) await attachProfile(name, arn);
      onDone();
      await navigate({ to: "/profiles/$name", params: { name }, ignoreBlocker: true });
    } catch (error) {
      setProblem(error instanceof Error ? error.message : "It did not work.");
      setBusy(false);
    }
  };
  return (
    <>
      {problem ? (
        <span className="text-bad" role="alert">
          {isCreated ? "It was created, but not attached: " : ""}
          {problem}
        </span>
      ) : null}
      {obstacle ? (
        <span className="muted" id="create-obstacle">
          {obstacle}
        </span>
      ) : null}
      <button
        type="button"
        className="button primary"
        disabled={obstacle !== null || !isReady || busy}
        aria-describedby={obstacle ? "create-obstacle" : undefined}
        onClick={() => void create()}
      >
        {busy ? "One moment …" : "Create"}
      </button>
    </>
  );
}
