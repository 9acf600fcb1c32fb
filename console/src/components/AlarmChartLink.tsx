import { Link } from "@tanstack/react-router";
import type { Alarm } from "../api/types.gen";
import { thingsText } from "../metrics/address";
import { readBehavior, record } from "../profiles/document";

/** Shown before and after an alarm. */
const AROUND_MS = 2 * 3_600_000;

type Props = { alarm: Alarm; className?: string };

/** The way from an alarm to its metric around that time. */
export function AlarmChartLink({ alarm, className }: Props) {
  const { dimension } = readBehavior(record(alarm.definition));
  const end = alarm.ended_ms ?? Date.now();
  return (
    <Link
      {...(className ? { className } : {})}
      to="/metrics"
      search={{
        things: thingsText([alarm.thing]),
        metric: alarm.metric,
        ...(dimension
          ? { dimension: dimension.name, operator: dimension.operator === "NOT_IN" ? "NOT_IN" : "IN" }
          : {}),
        from: String(alarm.started_ms - AROUND_MS),
        to: String(Math.min(end + AROUND_MS, Date.now())),
      }}
    >
      Explore its metric
    </Link>
  );
}
