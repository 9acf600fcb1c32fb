// What happened to an alarm, and the behavior it broke.
import type { Alarm, AlarmEvent } from "../api/types.gen";
import { Empty } from "../components/StateViews";
import { dateTime, duration } from "../lib/format";
import { expectation } from "../lib/profile";
import { record } from "../profiles/document";
import { valueText } from "./datapoints";
import { VERDICTS } from "./verification";

const EVENTS: Record<AlarmEvent["event"], { text: string; tone: string }> = {
  "in-alarm": { text: "Alarm raised", tone: "bad" },
  "alarm-cleared": { text: "Cleared: the device behaves as expected again", tone: "good" },
  "alarm-invalidated": {
    text: "Invalidated: it is not watched any more, or was silent for too long",
    tone: "",
  },
};

type Entry = { time_ms: number; text: string; tone: string; detail: string | null };

/** Everything that happened to the alarm, the newest first. */
function timeline(events: AlarmEvent[], { verification }: Alarm): Entry[] {
  const entries: Entry[] = events.map((event) => ({
    time_ms: event.time_ms,
    ...EVENTS[event.event],
    detail: event.value === null ? null : valueText(event.value),
  }));
  if (verification.at_ms !== null && verification.by !== null) {
    entries.push({
      time_ms: verification.at_ms,
      text:
        verification.state === "UNKNOWN"
          ? `Left unverified by ${verification.by}`
          : `Verified by ${verification.by}: ${VERDICTS[verification.state].text}`,
      tone: "",
      detail: verification.description,
    });
  }
  return entries.sort((a, b) => b.time_ms - a.time_ms);
}

export function EventPanel({ events, alarm }: { events: AlarmEvent[]; alarm: Alarm }) {
  const entries = timeline(events, alarm);
  return (
    <section className="panel" aria-labelledby="events">
      <div className="panel-head">
        <h2 id="events">Events</h2>
      </div>
      {entries.length === 0 ? <Empty title="Its events are older than the history goes back" /> : null}
      <ol className="timeline">
        {entries.map((entry, n) => (
          <li key={`${entry.time_ms} ${entry.text}`} className={entry.tone}>
            <b>{entry.text}</b>
            <time className="number muted" dateTime={new Date(entry.time_ms).toISOString()}>
              {dateTime(entry.time_ms)}
              {entries[n + 1] ? `, ${duration(entry.time_ms - (entries[n + 1]?.time_ms ?? 0))} later` : ""}
            </time>
            {entry.detail === null ? null : <span className="mono anywhere">{entry.detail}</span>}
          </li>
        ))}
      </ol>
    </section>
  );
}

export function DefinitionPanel({ alarm }: { alarm: Alarm }) {
  return (
    <section className="panel" aria-labelledby="definition">
      <div className="panel-head">
        <h2 id="definition">The behavior as it was then</h2>
      </div>
      <div className="panel-body stack">
        {alarm.definition === null ? <p className="muted">It is not known any more.</p> : null}
        <p className="anywhere">
          <span className="mono">{alarm.metric}</span>
          {alarm.definition === null ? null : `: ${expectation(record(alarm.definition))}`}
        </p>
        <details>
          <summary>Definition</summary>
          <pre className="code-block">{JSON.stringify(alarm.definition, null, 2)}</pre>
        </details>
      </div>
    </section>
  );
}
