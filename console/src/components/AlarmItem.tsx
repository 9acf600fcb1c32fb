// One alarm: what, where, since when, and the way to its evidence.
import { Link } from "@tanstack/react-router";
import { since } from "../alarms/AlarmRow";
import { KindBadges, StateBadge, VerdictBadge } from "../alarms/Badges";
import { Strip } from "../alarms/Strip";
import type { Alarm } from "../api/types.gen";
import { dateTime } from "../lib/format";
import { AlarmChartLink } from "./AlarmChartLink";

export function AlarmItem({
  alarm,
  now,
  thingLink = true,
}: {
  alarm: Alarm;
  now: number;
  thingLink?: boolean;
}) {
  return (
    <li className="alarm">
      <span className="state states">
        <StateBadge state={alarm.state} />
        {alarm.verification.state === "UNKNOWN" ? null : <VerdictBadge state={alarm.verification.state} />}
        <KindBadges alarm={alarm} />
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
      <div className="text">
        <p>{alarm.explanation}</p>
        {alarm.verification.description ? (
          <p className="muted">
            {alarm.verification.by ?? "Somebody"}: {alarm.verification.description}
          </p>
        ) : null}
        <Strip alarm={alarm} />
      </div>
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
        <AlarmChartLink alarm={alarm} />
      </div>
    </li>
  );
}
