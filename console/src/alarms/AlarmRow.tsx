// One alarm of the long list.
import { Link } from "@tanstack/react-router";
import type { Alarm } from "../api/types.gen";
import { dateTime, duration } from "../lib/format";
import { KindBadges, StateBadge, VerdictBadge } from "./Badges";
import { Strip } from "./Strip";

type Props = {
  alarm: Alarm;
  now: number;
  isChosen: boolean;
  /** Absent for people who may not do anything with alarms. */
  choose: (() => void) | undefined;
};

export function AlarmRow({ alarm, now, isChosen, choose }: Props) {
  return (
    <>
      <span className="pick">
        {choose ? (
          <input
            type="checkbox"
            checked={isChosen}
            onChange={choose}
            tabIndex={0}
            aria-label={`Select ${alarm.behavior} of ${alarm.thing}`}
          />
        ) : null}
      </span>
      <span className="states">
        <StateBadge state={alarm.state} />
        {alarm.verification.state === "UNKNOWN" ? null : <VerdictBadge state={alarm.verification.state} />}
        <KindBadges alarm={alarm} />
      </span>
      <div className="said">
        <div className="head">
          <Link className="thing" to="/things/$name" params={{ name: alarm.thing }}>
            {alarm.thing}
          </Link>
          <span className="muted">
            {alarm.behavior} · {alarm.metric} · {alarm.profile}
          </span>
        </div>
        <p>{alarm.explanation}</p>
        {alarm.verification.description ? (
          <p className="muted">
            {alarm.verification.by ?? "Somebody"}: {alarm.verification.description}
          </p>
        ) : null}
      </div>
      <div className="data">
        <Strip alarm={alarm} />
      </div>
      <div className="side-links">
        <time dateTime={new Date(alarm.started_ms).toISOString()} title={dateTime(alarm.started_ms)}>
          {since(alarm, now)}
        </time>
        <span className="links">
          <Link to="/alarms/$id" params={{ id: alarm.id }}>
            Details
          </Link>
          <Link
            to="/search"
            search={{
              q: alarm.evidence.spl,
              earliest: alarm.evidence.earliest,
              latest: alarm.evidence.latest,
            }}
          >
            Show evidence
          </Link>
        </span>
      </div>
    </>
  );
}

/** `for 3 min`, or when it ended and how long it lasted. */
export function since(alarm: Pick<Alarm, "started_ms" | "ended_ms">, now: number): string {
  if (alarm.ended_ms === null) return `for ${duration(now - alarm.started_ms)}`;
  return `ended ${duration(now - alarm.ended_ms)} ago, lasted ${duration(alarm.ended_ms - alarm.started_ms)}`;
}
