// One alarm: what, where, since when, and the way to its evidence.
import { Link } from "@tanstack/react-router";
import type { Alarm } from "../api/types.gen";
import { dateTime, duration } from "../lib/format";

const STATES: Record<Alarm["state"], { text: string; tone: string }> = {
  active: { text: "In alarm", tone: "bad" },
  cleared: { text: "Cleared", tone: "good" },
  invalidated: { text: "Invalidated", tone: "" },
};

export function AlarmItem({
  alarm,
  now,
  thingLink = true,
}: {
  alarm: Alarm;
  now: number;
  thingLink?: boolean;
}) {
  const state = STATES[alarm.state];
  return (
    <li className="alarm">
      <span className="state">
        <span className={`badge ${state.tone}`}>{state.text}</span>
      </span>
      <div className="head">
        {thingLink ? (
          <Link className="thing" to="/things/$name" params={{ name: alarm.thing }}>
            {alarm.thing}
          </Link>
        ) : (
          <span className="thing">{alarm.behavior}</span>
        )}
        <span className="muted">
          {thingLink ? `${alarm.behavior} · ` : ""}
          {alarm.metric}
        </span>
      </div>
      <p className="text">{alarm.explanation}</p>
      <div className="side-links">
        <time dateTime={new Date(alarm.started_ms).toISOString()} title={dateTime(alarm.started_ms)}>
          {since(alarm, now)}
        </time>
        <Link to="/alarms/$id" params={{ id: alarm.id }}>
          Details
        </Link>
        <Link
          to="/search"
          search={{ q: alarm.evidence.spl, earliest: alarm.evidence.earliest, latest: alarm.evidence.latest }}
        >
          Show evidence
        </Link>
      </div>
    </li>
  );
}

function since(alarm: Alarm, now: number): string {
  if (alarm.ended_ms === null) return `for ${duration(now - alarm.started_ms)}`;
  return `ended ${duration(now - alarm.ended_ms)} ago, lasted ${duration(alarm.ended_ms - alarm.started_ms)}`;
}
