// The behaviors that watch a metric, and what their thresholds are on a chart.
import { isInNetwork } from "../alarms/cidr";
import type { SeriesKey } from "../api/datapoints";
import type { Profile as SecurityProfile } from "../api/types.gen";
import { expectation } from "../lib/profile";
import { behaviorsOf, readBehavior } from "../profiles/document";

export type Watching = {
  profile: string;
  behavior: string;
  text: string;
  /** Where a line is drawn; null for percentiles and lists. */
  threshold: number | null;
  /** Whether an element of a list is as expected; null where the threshold is no list. */
  allows: ((element: string) => boolean) | null;
  isMuted: boolean;
  /** Whether its profile is in force. */
  isInForce: boolean;
};

export function watching(profiles: SecurityProfile[], key: SeriesKey): Watching[] {
  return profiles.flatMap((profile) =>
    behaviorsOf(profile.document)
      .filter((raw) => {
        const { metric, dimension } = readBehavior(raw);
        const isSame = (dimension?.name ?? undefined) === key.dimension;
        return (
          metric === key.metric && isSame && (!dimension || dimension.operator === (key.operator ?? "IN"))
        );
      })
      .map((raw) => {
        const behavior = readBehavior(raw);
        return {
          profile: profile.name,
          behavior: behavior.name,
          text: expectation(raw),
          threshold: numericThreshold(behavior.threshold, behavior.value),
          allows: Array.isArray(behavior.value)
            ? allowing(behavior.operator, behavior.value.map(String))
            : null,
          isMuted: behavior.suppressAlerts,
          isInForce: profile.problems.length === 0 && profile.targets.length > 0,
        };
      }),
  );
}

function numericThreshold(kind: string, value: unknown): number | null {
  if (kind !== "static" || Array.isArray(value) || value === undefined || value === "") return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}

/** Whether a set operator is satisfied by one element. */
function allowing(operator: string, listed: string[]): (element: string) => boolean {
  const isIn = operator.endsWith("cidr-set")
    ? (element: string) => listed.some((network) => isInNetwork(element, network))
    : (element: string) => listed.includes(element);
  return operator.startsWith("not-") ? (element) => !isIn(element) : isIn;
}
