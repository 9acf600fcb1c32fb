// What of a datapoint is not as expected.
import type { Alarm, AlarmDatapoint, MetricValue } from "../api/types.gen";
import { isInNetwork } from "./cidr";

/** One element of a value, and whether the behavior objects to it. */
export type Part = { text: string; isBad: boolean };

type Criteria = { operator: string; value: MetricValue };

function criteriaOf(definition: Alarm["definition"]): Criteria {
  const criteria = object(object(definition).criteria);
  return { operator: String(criteria.comparisonOperator ?? ""), value: object(criteria.value) };
}

function object(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

/** A value that is one number. */
export function numberOf(value: MetricValue): number | null {
  return value.count ?? value.number ?? null;
}

/** A value that is a set, as texts; null if it is one number. */
export function elementsOf(value: MetricValue): string[] | null {
  const list = value.cidrs ?? value.ports ?? value.numbers ?? value.strings;
  return list ? list.map(String) : null;
}

const exact = new Intl.NumberFormat("en", { maximumSignificantDigits: 15 });

/** What a value is in one line; numbers with all their digits. */
export function valueText(value: MetricValue): string {
  const number = numberOf(value);
  if (number !== null) return exact.format(number);
  const elements = elementsOf(value) ?? [];
  return elements.length === 0 ? "none" : elements.join(", ");
}

/** The elements of a datapoint's set, those first to which the behavior objects; empty for a number. */
export function partsOf(definition: Alarm["definition"], datapoint: AlarmDatapoint): Part[] {
  const elements = elementsOf(datapoint.value);
  if (!elements) return [];
  const { operator, value } = criteriaOf(definition);
  const expected = elementsOf(value) ?? [];
  const isKnown = value.cidrs
    ? (text: string) => expected.some((network) => isInNetwork(text, network))
    : (text: string) => expected.includes(text);
  const isForbidding = operator.startsWith("not-in-");
  const isOfSets = /^(not-)?in-(cidr-|port-)?set$/.test(operator);
  const parts = elements.map((text) => ({
    text,
    isBad: datapoint.violates && isOfSets && isKnown(text) === isForbidding,
  }));
  return parts.sort((a, b) => Number(b.isBad) - Number(a.isBad));
}

/** What a number was compared with: learned at that time, or fixed. */
export function thresholdOf(definition: Alarm["definition"], datapoint: AlarmDatapoint): number | null {
  return datapoint.threshold ?? numberOf(criteriaOf(definition).value);
}

/** The search for what came with `trace`; null if that is not a trace id. */
export function traceSearch(trace: string): string | null {
  return /^[a-z][a-z0-9-]*\/\d+\/\d+$/.test(trace) ? `index=* picket_trace="${trace}"` : null;
}
