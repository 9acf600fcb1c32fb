// Asks what would be decided, and shows which statement decides and why the others do not.
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { thingsQuery } from "../api/queries";
import { explain } from "../api/registry";
import type { ExplainedStatement, ExplainRequest, Explanation } from "../api/types.gen";

const ACTIONS = ["iot:Connect", "iot:Publish", "iot:RetainPublish", "iot:Subscribe", "iot:Receive"] as const;
type Action = (typeof ACTIONS)[number];

const RESOURCES: Record<Action, string> = {
  "iot:Connect": "Client id",
  "iot:Publish": "Topic",
  "iot:RetainPublish": "Topic",
  "iot:Subscribe": "Topic filter",
  "iot:Receive": "Topic",
};

type Props = {
  /** The thing that is asked about; it is asked for when absent. */
  thing?: string;
  /** A document that counts as if it were attached. */
  document?: string;
  /** The policy in whose place the document stands. */
  replaces?: string;
};

export function Explain({ thing, document, replaces }: Props) {
  const [answer, setAnswer] = useState<Explanation | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [action, setAction] = useState<Action>("iot:Publish");
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const field = (name: string) => String(data.get(name) ?? "").trim();
    const device = thing ?? field("thing");
    const request: ExplainRequest = {
      action,
      resource: field("resource"),
      ...(document === undefined ? {} : { documents: [document] }),
      ...(replaces === undefined ? {} : { replaces }),
      ...(device ? { thing: device } : {}),
      ...(field("client_id") ? { client_id: field("client_id") } : {}),
      ...(field("certificate") ? { certificate: field("certificate") } : {}),
    };
    setProblem(null);
    try {
      setAnswer(await explain(request));
    } catch (error) {
      setAnswer(null);
      setProblem(error instanceof Error ? error.message : "It did not work.");
    }
  };
  return (
    <section className="panel" aria-labelledby="explain">
      <div className="panel-head">
        <h2 id="explain">Would it be allowed?</h2>
      </div>
      <form className="panel-body stack" onSubmit={submit}>
        {thing === undefined ? <ThingField /> : null}
        <div className="field">
          <label htmlFor="explain-action">Action</label>
          <select
            className="input"
            id="explain-action"
            value={action}
            onChange={(event) =>
              setAction(ACTIONS.find((one) => one === event.target.value) ?? "iot:Publish")
            }
          >
            {ACTIONS.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </div>
        <Line name="resource" label={RESOURCES[action]} required />
        <details>
          <summary>Another client id or certificate</summary>
          <div className="stack inner">
            <Line name="client_id" label="Client id of the connection" />
            <Line name="certificate" label="Certificate id, where the thing has several" />
          </div>
        </details>
        <div>
          <button type="submit" className="button primary">
            Explain
          </button>
        </div>
        <div aria-live="polite" className="stack">
          {problem ? <div className="notice bad">{problem}</div> : null}
          {answer ? <Answer answer={answer} /> : null}
        </div>
      </form>
    </section>
  );
}

/** The device that asks; its certificate's and groups' policies count too. */
function ThingField() {
  const [prefix, setPrefix] = useState("");
  const { data } = useQuery({ ...thingsQuery({ prefix: prefix || undefined }), refetchInterval: false });
  return (
    <div className="field">
      <label htmlFor="explain-thing">Device</label>
      <input
        className="input mono"
        id="explain-thing"
        name="thing"
        list="explain-things"
        value={prefix}
        onChange={(event) => setPrefix(event.target.value.trim())}
        spellCheck={false}
        autoComplete="off"
        aria-describedby="explain-thing-hint"
      />
      <datalist id="explain-things">
        {data?.things.slice(0, 20).map((one) => (
          <option key={one.name} value={one.name} />
        ))}
      </datalist>
      <p className="muted" id="explain-thing-hint">
        Its other policies count too. Without one, this document alone is asked.
      </p>
    </div>
  );
}

function Line({ name, label, required }: { name: string; label: string; required?: boolean }) {
  return (
    <div className="field">
      <label htmlFor={`explain-${name}`}>{label}</label>
      <input
        className="input mono"
        id={`explain-${name}`}
        name={name}
        required={required}
        spellCheck={false}
        autoComplete="off"
      />
    </div>
  );
}

const DECISIONS = {
  allowed: { tone: "good", text: "Allowed" },
  explicit_deny: { tone: "bad", text: "Denied by a statement" },
  implicit_deny: { tone: "bad", text: "Denied: nothing allows it" },
} as const;

function Answer({ answer }: { answer: Explanation }) {
  return (
    <>
      <p>
        <span className={`badge ${DECISIONS[answer.decision].tone}`}>{DECISIONS[answer.decision].text}</span>{" "}
        <span className="anywhere">{answer.sentence}</span>
      </p>
      <ol className="stack">
        {answer.statements.map((statement, index) => (
          <li key={`${statement.policy}-${statement.index}`}>
            <Statement statement={statement} decides={index === answer.deciding} />
          </li>
        ))}
      </ol>
    </>
  );
}

function Statement({ statement, decides }: { statement: ExplainedStatement; decides: boolean }) {
  const name = statement.sid ?? `statement ${statement.index + 1}`;
  return (
    <details className={decides ? "statement decides" : "statement"}>
      <summary>
        <span className={`badge ${statement.effect === "Deny" ? "bad" : "good"}`}>{statement.effect}</span>{" "}
        <b>{name}</b> <span className="muted">of {statement.policy}</span>{" "}
        {decides ? <span className="badge">decides</span> : null}
        <br />
        {statement.reason}
      </summary>
      <pre>{statement.text}</pre>
    </details>
  );
}
