// What stands below the chart: behaviors that watch the metric, and alarms in this time.
import { Link } from "@tanstack/react-router";
import type { Alarm } from "../api/types.gen";
import { dateTime, duration } from "../lib/format";
import type { Span } from "./span";
import type { Watching } from "./watching";

export function WatchedBy({ watching }: { watching: Watching[] }) {
  return (
    <section className="panel" aria-labelledby="watched-by">
      <div className="panel-head">
        <h2 id="watched-by">Watched by</h2>
      </div>
      {watching.length === 0 ? <p className="panel-body muted">No behavior looks at it.</p> : null}
      <ul className="ties watched">
        {watching.map((one) => (
          <li key={`${one.profile} ${one.behavior}`}>
            <span>
              <Link to="/profiles/$name" params={{ name: one.profile }}>
                {one.profile}
              </Link>{" "}
              <b>{one.behavior}</b> <span className="muted">expects</span> {one.text}
            </span>
            {one.isInForce ? null : <span className="badge warn">not in force</span>}
            {one.isMuted ? <span className="badge">muted</span> : null}
          </li>
        ))}
      </ul>
    </section>
  );
}

type AlarmsProps = { alarms: Alarm[]; zoom: (span: Span) => void; now: number };

export function AlarmsInSpan({ alarms, zoom, now }: AlarmsProps) {
  return (
    <section className="panel" aria-labelledby="alarms-here">
      <div className="panel-head">
        <h2 id="alarms-here">Alarms in this time</h2>
      </div>
      {alarms.length === 0 ? <p className="panel-body muted">None about this metric.</p> : null}
      <ul className="would-alarm">
        {alarms.map((alarm) => (
          <li key={alarm.id}>
            <div className="head">
              <Link className="thing" to="/things/$name" params={{ name: alarm.thing }}>
                {alarm.thing}
              </Link>
              <span className="muted">{alarm.behavior}</span>
              <button
                type="button"
                className="button quiet"
                aria-label={`Zoom to the alarm of ${dateTime(alarm.started_ms)}`}
                onClick={() =>
                  zoom({
                    from_ms: alarm.started_ms - AROUND_MS,
                    to_ms: (alarm.ended_ms ?? now) + AROUND_MS,
                  })
                }
              >
                Zoom
              </button>
            </div>
            <p>{alarm.explanation}</p>
            <p className="muted number">
              {dateTime(alarm.started_ms)}
              {alarm.ended_ms === null
                ? ", still in alarm"
                : `, for ${duration(alarm.ended_ms - alarm.started_ms)}`}
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}

const AROUND_MS = 3_600_000;
