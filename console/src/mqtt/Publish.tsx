// Sends one message.
import { type FormEvent, useState } from "react";
import { publishMqtt } from "../api/connections";
import type { Draft } from "./Follow";
import { prettyJson } from "./payload";

type Props = { draft: Draft; change: (draft: Draft) => void };

export function Publish({ draft, change }: Props) {
  const [outcome, setOutcome] = useState<{ ok: boolean; text: string } | null>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const topic = draft.topic.trim();
    setOutcome(null);
    setBusy(true);
    try {
      await publishMqtt({ ...draft, topic, qos: draft.qos === 0 ? 0 : 1 });
      setOutcome({ ok: true, text: `Published on ${topic}.` });
    } catch (error) {
      setOutcome({ ok: false, text: error instanceof Error ? error.message : "It did not work." });
    }
    setBusy(false);
  };
  const laidOut = prettyJson(draft.payload);
  return (
    <section className="panel" aria-labelledby="publish">
      <div className="panel-head">
        <h2 id="publish">Publish</h2>
      </div>
      <form className="panel-body stack" onSubmit={submit}>
        <div className="field">
          <label htmlFor="publish-topic">Topic</label>
          <input
            className="input mono"
            id="publish-topic"
            value={draft.topic}
            onChange={(event) => change({ ...draft, topic: event.target.value })}
            required
            maxLength={256}
            pattern="[^+#]+"
            title="A topic without the wildcards + and #"
            spellCheck={false}
            autoComplete="off"
          />
        </div>
        <div className="field">
          <label htmlFor="publish-payload">Payload</label>
          <textarea
            className="input mono"
            id="publish-payload"
            value={draft.payload}
            onChange={(event) => change({ ...draft, payload: event.target.value })}
            rows={8}
            spellCheck={false}
          />
        </div>
        <div className="row-form">
          <label>
            QoS{" "}
            <select
              className="input"
              value={String(draft.qos)}
              onChange={(event) => change({ ...draft, qos: Number(event.target.value) })}
            >
              <option>0</option>
              <option>1</option>
            </select>
          </label>
          <label>
            <input
              type="checkbox"
              checked={draft.retain}
              onChange={(event) => change({ ...draft, retain: event.target.checked })}
            />{" "}
            Retain
          </label>
          <span className="end">
            <button
              type="button"
              className="button"
              disabled={laidOut === null || laidOut === draft.payload}
              onClick={() => change({ ...draft, payload: laidOut ?? draft.payload })}
            >
              Lay out
            </button>
            <button type="submit" className="button primary" disabled={busy}>
              Publish
            </button>
          </span>
        </div>
        {draft.retain && draft.payload === "" ? (
          <p className="muted">An empty retained message erases the one that is retained there.</p>
        ) : null}
        <div aria-live="polite">
          {outcome ? <div className={`notice ${outcome.ok ? "" : "bad"}`}>{outcome.text}</div> : null}
        </div>
      </form>
    </section>
  );
}
