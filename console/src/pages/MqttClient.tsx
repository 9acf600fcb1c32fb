// A test client: follow topics, publish a message.
import { type FormEvent, useEffect, useRef, useState } from "react";
import { messagesUrl, publishMqtt, refusalOf } from "../api/connections";
import type { MqttMessage } from "../api/types.gen";
import { Icon } from "../components/Icon";
import { Empty } from "../components/StateViews";
import { eventTime } from "../lib/format";
import { useIsAdmin } from "../lib/role";

/** Older messages make room for newer ones. */
const KEPT = 300;

type Row = MqttMessage & { key: number };

export function MqttClient() {
  const isAdmin = useIsAdmin();
  if (!isAdmin) {
    return (
      <div className="page">
        <h1>MQTT client</h1>
        <section className="panel">
          <Empty title="Only administrators may use the test client">
            <p>It sees and sends any message, whatever devices may do.</p>
          </Empty>
        </section>
      </div>
    );
  }
  return (
    <div className="page">
      <div className="page-head">
        <h1>MQTT client</h1>
      </div>
      <div className="columns">
        <Follow />
        <Publish />
      </div>
    </div>
  );
}

type Stream = {
  rows: Row[];
  dropped: number;
  state: "open" | "connecting" | "refused" | "off";
  refusal: string | null;
};

/** The messages of a stream, newest first, as long as there are filters. */
function useMessages(filters: string[]): Stream {
  const [stream, setStream] = useState<Stream>({ rows: [], dropped: 0, state: "off", refusal: null });
  const next = useRef(0);
  const address = filters.length === 0 ? null : messagesUrl(filters);
  useEffect(() => {
    setStream((old) => ({ ...old, state: address ? "connecting" : "off", refusal: null }));
    if (!address) return;
    const source = new EventSource(address);
    source.addEventListener("open", () => setStream((old) => ({ ...old, state: "open" })));
    let isLeft = false;
    source.addEventListener("error", () => {
      // The browser tries again by itself unless the answer was an error.
      const state = source.readyState === EventSource.CLOSED ? "refused" : "connecting";
      setStream((old) => ({ ...old, state }));
      if (state === "connecting") return;
      void refusalOf(address).then((refusal) => {
        if (!isLeft) setStream((old) => ({ ...old, refusal }));
      });
    });
    source.addEventListener("message", (event: MessageEvent<string>) => {
      const message = JSON.parse(event.data) as MqttMessage;
      next.current += 1;
      const row = { ...message, key: next.current };
      setStream((old) => ({
        ...old,
        rows: [row, ...old.rows].slice(0, KEPT),
        dropped: old.dropped + message.dropped,
      }));
    });
    return () => {
      isLeft = true;
      source.close();
    };
  }, [address]);
  return stream;
}

const STATES = {
  open: { tone: "good", text: "following" },
  connecting: { tone: "warn", text: "connecting" },
  refused: { tone: "bad", text: "refused" },
  off: { tone: "", text: "not following" },
} as const;

function Follow() {
  const [filters, setFilters] = useState<string[]>([]);
  const { rows, dropped, state, refusal } = useMessages(filters);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const filter = String(new FormData(event.currentTarget).get("filter")).trim();
    if (filter !== "" && !filters.includes(filter)) setFilters([...filters, filter]);
    event.currentTarget.reset();
  };
  return (
    <section className="panel" aria-labelledby="follow">
      <div className="panel-head">
        <h2 id="follow">Messages</h2>
        <span className={`badge ${STATES[state].tone}`} role="status">
          {STATES[state].text}
        </span>
        {dropped > 0 ? <span className="end text-bad">{dropped} left out: too many to show</span> : null}
      </div>
      <form className="panel-body row-form" onSubmit={submit}>
        <input
          className="input mono"
          name="filter"
          aria-label="Topic filter"
          placeholder="Topic filter, for example things/+/data or $aws/events/#"
          required
          spellCheck={false}
          autoComplete="off"
        />
        <button type="submit" className="button primary">
          <Icon name="play" />
          Subscribe
        </button>
      </form>
      {refusal ? (
        <div className="panel-body">
          <div className="notice bad" role="alert">
            {refusal}
          </div>
        </div>
      ) : null}
      <ul className="ties">
        {filters.map((filter) => (
          <li key={filter}>
            <code>{filter}</code>
            <button
              type="button"
              className="button quiet"
              aria-label={`Unsubscribe from ${filter}`}
              onClick={() => setFilters(filters.filter((other) => other !== filter))}
            >
              Unsubscribe
            </button>
          </li>
        ))}
      </ul>
      {rows.length === 0 ? (
        <Empty title={filters.length === 0 ? "Subscribe to see messages" : "No message yet"} />
      ) : null}
      <ol className="messages" aria-label="Messages, newest first">
        {rows.map((row) => (
          <li key={row.key}>
            <div className="head">
              <b className="mono">{row.topic}</b>
              <span className="muted number">{eventTime(row.at_ms)}</span>
              <span className="muted">QoS {row.qos}</span>
              {row.retain ? <span className="badge">retained</span> : null}
              <span className="muted">{row.client_id ?? "the server"}</span>
            </div>
            <pre>{row.payload_text ?? `(not text, base64) ${row.payload_base64}`}</pre>
          </li>
        ))}
      </ol>
    </section>
  );
}

function Publish() {
  const [outcome, setOutcome] = useState<{ ok: boolean; text: string } | null>(null);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const topic = String(data.get("topic")).trim();
    setOutcome(null);
    try {
      await publishMqtt({
        topic,
        payload: String(data.get("payload")),
        qos: data.get("qos") === "0" ? 0 : 1,
        retain: data.get("retain") === "on",
      });
      setOutcome({ ok: true, text: `Published on ${topic}.` });
    } catch (error) {
      setOutcome({ ok: false, text: error instanceof Error ? error.message : "It did not work." });
    }
  };
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
            name="topic"
            required
            maxLength={256}
            spellCheck={false}
            autoComplete="off"
          />
        </div>
        <div className="field">
          <label htmlFor="publish-payload">Payload</label>
          <textarea
            className="input mono"
            id="publish-payload"
            name="payload"
            rows={8}
            spellCheck={false}
            defaultValue={'{"hello": "world"}'}
          />
        </div>
        <div className="row-form">
          <label>
            QoS{" "}
            <select className="input" name="qos" defaultValue="1">
              <option>0</option>
              <option>1</option>
            </select>
          </label>
          <label>
            <input type="checkbox" name="retain" /> Retain
          </label>
          <button type="submit" className="button primary end">
            Publish
          </button>
        </div>
        <div aria-live="polite">
          {outcome ? <div className={`notice ${outcome.ok ? "" : "bad"}`}>{outcome.text}</div> : null}
        </div>
      </form>
    </section>
  );
}
