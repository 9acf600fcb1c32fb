// What a behavior of a security profile says, in words.
import { readBehavior, record } from "../profiles/document";
import { duration } from "./format";

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

const SHOWN_MAX = 12;

const exact = new Intl.NumberFormat("en", { maximumFractionDigits: 6 });

/** An operator in words; as it is where it is unknown. */
export function operatorText(operator: string): string {
  return OPERATORS[operator] ?? operator;
}

/** `p99` as `the fleet's p99`. */
function statisticText(statistic: string): string {
  if (statistic === "p0") return "the fleet's least";
  if (statistic === "p50") return "the fleet's median";
  if (statistic === "p100") return "the fleet's largest";
  return `the fleet's ${statistic}`;
}

/** One sentence: what a healthy device does. */
export function expectation(raw: Record<string, unknown>): string {
  const behavior = readBehavior(raw);
  if (behavior.threshold === "learned") return "what was learned of the fleet";
  const shown =
    behavior.threshold === "percentile" ? statisticText(behavior.statistic) : valueText(behavior.value);
  const seconds = behavior.durationSeconds;
  const within = seconds === null ? "" : ` in ${duration(seconds * 1000)}`;
  return `${operatorText(behavior.operator)} ${shown}${within}`.trim();
}

function valueText(value: unknown): string {
  if (typeof value === "number") return exact.format(value);
  if (!Array.isArray(value)) return value === undefined ? "nothing yet" : String(value);
  if (value.length === 0) return "nothing";
  const more = value.length > SHOWN_MAX ? ` and ${value.length - SHOWN_MAX} more` : "";
  return `${value.slice(0, SHOWN_MAX).join(", ")}${more}`;
}

/** A measured value as one text. */
export function measuredText(value: unknown): string {
  const member = Object.values(record(value))[0];
  if (Array.isArray(member)) return member.length === 0 ? "none" : member.join(", ");
  return member === undefined ? "–" : String(member);
}

/** The name of a target as people say it: `all things`, `group picket-fleet`. */
export function targetText(arn: string): string {
  const resource = arn.split(":").slice(5).join(":");
  if (resource === "all/things") return "all things";
  if (resource === "all/registered-things") return "all registered things";
  if (resource === "all/unregistered-things") return "all unregistered things";
  const group = targetGroup(arn);
  return group === null ? arn : `group ${group}`;
}

/** The group that a target is, if it is one. */
export function targetGroup(arn: string): string | null {
  const resource = arn.split(":").slice(5).join(":");
  return resource.startsWith("thinggroup/") ? resource.slice("thinggroup/".length) : null;
}
