// Topics that are followed, and the messages on them.
import { getRouteApi } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { publishMqtt } from "../api/connections";
import { ActionDialog } from "../components/ActionDialog";
import { Icon } from "../components/Icon";
import { Empty } from "../components/StateViews";
import { count, eventTime } from "../lib/format";
import { type Row, useMessages } from "./messages";
import { payloadText } from "./payload";

const route = getRouteApi("/mqtt");

const STATES = {
  open: { tone: "good", text: "following" },
  connecting: { tone: "warn", text: "connecting" },
  refused: { tone: "bad", text: "refused" },
  off: { tone: "", text: "not following" },
} as const;

export type Draft = { topic: string; payload: string; qos: number; retain: boolean };

/** `reuse` takes a message over into the form that publishes. */
export function Follow({ reuse }: { reuse: (draft: Draft) => void }) {
  const filters = (route.useSearch().filters ?? "").split("\n").filter((filter) => filter !== "");
  const navigate = route.useNavigate();
  const [isHalted, setHalted] = useState(false);
  const [isPretty, setPretty] = useState(true);
  const [erased, setErased] = useState<string | null>(null);
  const { rows, dropped, waiting, state, refusal, clear } = useMessages(filters, isHalted);
  const follow = (wanted: string[]) =>
    void navigate({ search: { filters: wanted.join("\n") || undefined }, replace: true });
  return (
    <section className="panel" aria-labelledby="follow">
      <div className="panel-head">
        <h2 id="follow">Messages</h2>
        <span className={`badge ${STATES[state].tone}`} role="status">
          {STATES[state].text}
        </span>
        {dropped > 0 ? <span className="text-bad">{count(dropped)} left out: too many to show</span> : null}
        <span className="end">
          <button
            type="button"
            className="button quiet"
            aria-pressed={isHalted}
            disabled={filters.length === 0 && rows.length === 0}
            onClick={() => setHalted(!isHalted)}
          >
            {isHalted ? `Go on (${waiting} new)` : "Pause"}
          </button>
          <button
            type="button"
            className="button quiet"
            aria-pressed={isPretty}
            onClick={() => setPretty(!isPretty)}
          >
            Lay out JSON
          </button>
          <button type="button" className="button quiet" disabled={rows.length === 0} onClick={clear}>
            Clear
          </button>
        </span>
      </div>
      <Filters filters={filters} follow={follow} />
      {refusal ? (
        <div className="panel-body">
          <div className="notice bad" role="alert">
            {refusal.replace(/\.?$/, ".")} Unsubscribe from what is wrong, and go on.
          </div>
        </div>
      ) : null}
      {rows.length === 0 ? (
        <Empty title={filters.length === 0 ? "Subscribe to see messages" : "No message yet"}>
          <p>
            {filters.length === 0
              ? "Retained messages show at once, others as they pass. Devices notice nothing of it."
              : "What is published on these topics shows here."}
          </p>
        </Empty>
      ) : null}
      <ol className="messages" aria-label="Messages, newest first">
        {rows.map((row) => (
          <Message
            key={row.key}
            row={row}
            isPretty={isPretty}
            reuse={() => reuse(draftOf(row))}
            erase={() => setErased(row.topic)}
          />
        ))}
      </ol>
      {erased === null ? null : (
        <ActionDialog
          title="Erase the retained message?"
          verb="Erase"
          dangerous
          onClose={() => setErased(null)}
          act={() => publishMqtt({ topic: erased, payload: "", qos: 1, retain: true })}
        >
          <p className="mono anywhere">{erased}</p>
          <p>
            Who subscribes from now on does not get it any more. Who follows the topic gets an empty message.
          </p>
        </ActionDialog>
      )}
    </section>
  );
}

function draftOf({ topic, payload_text, qos, retain }: Row): Draft {
  return { topic, payload: payload_text ?? "", qos, retain };
}

function Filters({ filters, follow }: { filters: string[]; follow: (filters: string[]) => void }) {
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const filter = String(new FormData(event.currentTarget).get("filter")).trim();
    if (filter !== "" && !filters.includes(filter)) follow([...filters, filter]);
    event.currentTarget.reset();
  };
  return (
    <>
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
      <ul className="ties">
        {filters.map((filter) => (
          <li key={filter}>
            <code>{filter}</code>
            <button
              type="button"
              className="button quiet"
              aria-label={`Unsubscribe from ${filter}`}
              onClick={() => follow(filters.filter((other) => other !== filter))}
            >
              Unsubscribe
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

type MessageProps = { row: Row; isPretty: boolean; reuse: () => void; erase: () => void };

function Message({ row, isPretty, reuse, erase }: MessageProps) {
  return (
    <li>
      <div className="head">
        <b className="mono">{row.topic}</b>
        <span className="muted number">{eventTime(row.at_ms)}</span>
        <span className="muted">QoS {row.qos}</span>
        {row.retain ? <span className="badge">retained</span> : null}
        <span className="muted">{row.client_id ?? "the server"}</span>
        <span className="end">
          {row.payload_text === null || row.topic.startsWith("$") ? null : (
            <button
              type="button"
              className="button quiet"
              aria-label={`Reuse the message on ${row.topic}`}
              onClick={reuse}
            >
              Reuse
            </button>
          )}
          {row.retain && !row.topic.startsWith("$") ? (
            <button
              type="button"
              className="button quiet"
              aria-label={`Erase the retained message on ${row.topic}`}
              onClick={erase}
            >
              Erase …
            </button>
          ) : null}
        </span>
      </div>
      <pre>{payloadText(row, isPretty)}</pre>
    </li>
  );
}
