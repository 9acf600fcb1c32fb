// The editor of a draft: as a form or as JSON, and what the server says of it.
import { type ReactNode, useState } from "react";
import type { ProfileProblem } from "../api/types.gen";
import { Segments } from "../components/Segments";
import type { Check, Draft } from "./draft";
import { ProfileForm } from "./ProfileForm";
import { ProfileJson } from "./ProfileJson";

const VIEWS = [
  { value: "form", text: "Form" },
  { value: "json", text: "JSON" },
] as const;

const NONE: ProfileProblem[] = [];

type Props = {
  draft: Draft;
  check: Check;
  readOnly: boolean;
  /** Above the document, for example the name of a new profile. */
  head?: ReactNode;
  /** Beside the verdict: the buttons. */
  actions: ReactNode;
};

export function Editor({ draft, check, readOnly, head, actions }: Props) {
  const [view, setView] = useState<(typeof VIEWS)[number]["value"]>("form");
  const problems = check.problems ?? NONE;
  return (
    <section className="panel" aria-labelledby="document">
      <div className="panel-head">
        <h2 id="document">What is expected</h2>
        <div className="end">
          <Segments label="Show the profile as" options={VIEWS} value={view} onChange={setView} />
        </div>
      </div>
      {head}
      {view === "json" ? (
        <ProfileJson text={draft.text} problems={problems} readOnly={readOnly} onChange={draft.type} />
      ) : null}
      {view === "form" && draft.unreadable ? (
        <div className="panel-body">
          <div className="notice warn" role="alert">
            The JSON cannot be read, so the form shows it as it was before. A change here replaces it.
          </div>
        </div>
      ) : null}
      {view === "form" ? (
        <ProfileForm document={draft.document} edit={draft.edit} problems={problems} readOnly={readOnly} />
      ) : null}
      <div className="panel-foot wrap">
        <Verdict draft={draft} check={check} />
        <div className="end row-form">{actions}</div>
      </div>
    </section>
  );
}

function Verdict({ draft, check }: { draft: Draft; check: Check }) {
  return <div aria-live="polite">{verdict(draft, check)}</div>;
}

function verdict(draft: Draft, check: Check): ReactNode {
  if (draft.unreadable) return <span className="text-bad">{draft.unreadable}</span>;
  if (check.problems === undefined) {
    return check.error ? (
      <span className="text-bad">It could not be checked: {check.error.message}</span>
    ) : (
      <span className="muted">Checking …</span>
    );
  }
  const [first, ...more] = check.problems;
  if (!first) return <span className="badge good">In order</span>;
  return (
    <span className="text-bad">
      {first.path === "" ? "" : `${first.path}: `}
      {first.problem}
      {more.length > 0 ? ` (and ${more.length} more)` : ""}
    </span>
  );
}

/** Whether something is wrong with a draft; it may also be that nobody knows yet. */
export function isWrong(draft: Draft, check: Check): boolean {
  return draft.unreadable !== null || (check.problems?.length ?? 0) > 0;
}

/** Whether a draft can be saved. */
export function isInOrder(draft: Draft, check: Check): boolean {
  return draft.unreadable === null && check.problems?.length === 0;
}
