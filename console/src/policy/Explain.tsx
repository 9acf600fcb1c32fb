// Asks what would be decided, and shows which statement decides and why the others do not.
import { type FormEvent, useState } from "react";
import { explain } from "../api/registry";
import type { ExplainedStatement, ExplainRequest, Explanation } from "../api/types.gen";

const ACTIONS = ["iot:Connect", "iot:Publish", "iot:RetainPublish", "iot:Subscribe", "iot:Receive"] as const;

/** `document` counts as if it were attached; so do the policies of the certificate that is named. */
export function Explain({ document }: { document: string }) {
  const [answer, setAnswer] = useState<Explanation | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const field = (name: string) => String(data.get(name) ?? "").trim();
    const request: ExplainRequest = {
      action: ACTIONS.find((action) => action === field("action")) ?? "iot:Publish",
      resource: field("resource"),
      documents: [document],
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
        <div className="field">
          <label htmlFor="explain-action">Action</label>
          <select className="input" id="explain-action" name="action" defaultValue="iot:Publish">
            {ACTIONS.map((action) => (
              <option key={action}>{action}</option>
            ))}
          </select>
        </div>
        <Line name="resource" label="Topic, topic filter or client id" required />
        <Line name="client_id" label="Client id of the connection" />
        <Line name="certificate" label="Certificate id, so that its policies count too" />
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
        {answer.sentence}
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
