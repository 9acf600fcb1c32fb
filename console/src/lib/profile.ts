// Reading a security profile in AWS's shape, which anybody may have written.
import { duration } from "./format";

export type Behavior = { name: string; metric: string; criteria: Record<string, unknown> };

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

export function behaviors(document: Record<string, unknown>): Behavior[] {
  const list = Array.isArray(document.behaviors) ? document.behaviors : [];
  return list.map((one: unknown) => {
    const behavior = record(one);
    return {
      name: String(behavior.name ?? ""),
      metric: String(behavior.metric ?? ""),
      criteria: record(behavior.criteria),
    };
  });
}

const OPERATORS: Record<string, string> = {
  "less-than": "less than",
  "less-than-equals": "at most",
  "greater-than": "more than",
  "greater-than-equals": "at least",
  "in-cidr-set": "only addresses in",
  "not-in-cidr-set": "no address in",
  "in-port-set": "only ports",
  "not-in-port-set": "none of the ports",
  "in-set": "only",
  "not-in-set": "none of",
};

/** One sentence: what a healthy device does. */
export function expectation({ criteria }: Behavior): string {
  const operator = String(criteria.comparisonOperator ?? "");
  const value = Object.values(record(criteria.value))[0];
  const statistic = record(criteria.statisticalThreshold).statistic;
  const shown = Array.isArray(value)
    ? value.join(", ")
    : value !== undefined
      ? String(value)
      : statistic !== undefined
        ? String(statistic)
        : "what was learned";
  const seconds = criteria.durationSeconds;
  const within = typeof seconds === "number" ? ` in ${duration(seconds * 1000)}` : "";
  return `${OPERATORS[operator] ?? operator} ${shown}${within}`.trim();
}
