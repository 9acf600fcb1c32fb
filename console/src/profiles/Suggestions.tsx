// Behaviors derived from what was observed, to add to a draft.
import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { suggest } from "../api/profiles";
import { groupsQuery } from "../api/registry";
import type { Suggestion } from "../api/types.gen";
import { Dialog } from "../components/Dialog";
import { Empty, Failed } from "../components/StateViews";
import { expectation } from "../lib/profile";
import { useIsAnalyst } from "../lib/role";
import { behaviorsOf, freeName, type Members, names, readBehavior, record, withBehaviors } from "./document";

type Props = {
  document: Members;
  edit: (change: (document: Members) => Members) => void;
  /** The group to ask for at first. */
  group: string;
};

const RANGES = [
  { value: "24h", text: "24 hours" },
  { value: "7d", text: "7 days" },
  { value: "14d", text: "14 days" },
];

export function Suggestions(props: Props) {
  const [isOpen, setIsOpen] = useState(false);
  const isAnalyst = useIsAnalyst();
  if (!isAnalyst) return null;
  return (
    <>
      <button type="button" className="button" onClick={() => setIsOpen(true)}>
        Derive from what was observed …
      </button>
      {isOpen ? <Ask {...props} onClose={() => setIsOpen(false)} /> : null}
    </>
  );
}

function Ask({ document, edit, group, onClose }: Props & { onClose: () => void }) {
  const { data: groups } = useQuery(groupsQuery({}));
  const asked = useMutation({ mutationFn: suggest });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const chosen = String(form.get("group")).trim();
    asked.mutate({ last: String(form.get("last")), ...(chosen === "" ? {} : { group: chosen }) });
  };
  return (
    <Dialog title="Derive behaviors from what was observed" onClose={onClose}>
      <form className="panel-body row-form" onSubmit={submit}>
        <div className="field grow">
          <label htmlFor="suggest-group">Of group</label>
          <input
            id="suggest-group"
            name="group"
            className="input mono"
            defaultValue={group}
            placeholder="all devices"
            list="suggest-groups"
            spellCheck={false}
            autoComplete="off"
          />
          <datalist id="suggest-groups">
            {groups?.groups.map((one) => (
              <option key={one.name} value={one.name} />
            ))}
          </datalist>
        </div>
        <div className="field">
          <label htmlFor="suggest-last">In the last</label>
          <select id="suggest-last" name="last" className="input" defaultValue="7d">
            {RANGES.map((range) => (
              <option key={range.value} value={range.value}>
                {range.text}
              </option>
            ))}
          </select>
        </div>
        <button type="submit" className="button primary" disabled={asked.isPending}>
          {asked.isPending ? "One moment …" : "Derive"}
        </button>
      </form>
      <div aria-live="polite">
        {asked.error ? <Failed what="Nothing could be derived" error={asked.error} /> : null}
        {asked.data ? <Found suggestions={asked.data.suggestions} document={document} edit={edit} /> : null}
      </div>
      <div className="foot">
        <button type="button" className="button" onClick={onClose}>
          Close
        </button>
      </div>
    </Dialog>
  );
}

type FoundProps = Pick<Props, "document" | "edit"> & { suggestions: Suggestion[] };

/** What a behavior says, whatever it is called. */
function meaning({ metric, metricDimension, criteria }: Members): string {
  return JSON.stringify([metric, metricDimension, criteria]);
}

function Found({ suggestions, document, edit }: FoundProps) {
  const present = behaviorsOf(document).map(meaning);
  const isIn = (raw: Members) => present.includes(meaning(raw));
  const add = (raws: Members[]) =>
    edit((before) => {
      const all = behaviorsOf(before);
      for (const raw of raws) all.push({ ...raw, name: freeName(readBehavior(raw).name, names(all)) });
      return withBehaviors(before, all);
    });
  const missing = suggestions.map((one) => record(one.behavior)).filter((raw) => !isIn(raw));
  if (suggestions.length === 0) {
    return (
      <Empty title="Nothing could be derived">
        <p>Too little is stored of these devices in this time.</p>
      </Empty>
    );
  }
  return (
    <>
      <ul className="suggestions">
        {suggestions.map((one) => {
          const raw = record(one.behavior);
          const behavior = readBehavior(raw);
          return (
            <li key={`${behavior.name} ${behavior.metric}`}>
              <div className="text">
                <p>
                  <b>{behavior.name}</b> <span className="mono muted">{behavior.metric}</span>{" "}
                  {expectation(raw)}
                </p>
                <p className="muted">{one.because}</p>
              </div>
              <button type="button" className="button" disabled={isIn(raw)} onClick={() => add([raw])}>
                {isIn(raw) ? "In the draft" : "Add"}
                <span className="visually-hidden"> {behavior.name}</span>
              </button>
            </li>
          );
        })}
      </ul>
      {missing.length > 1 ? (
        <div className="panel-body">
          <button type="button" className="button" onClick={() => add(missing)}>
            Add all {missing.length}
          </button>
        </div>
      ) : null}
    </>
  );
}
