// What of a datapoint is not as expected.
import type { AlarmView, Datapoint } from "../api/response-types";
import type { MetricValue } from "../api/types.gen";
import { count } from "../lib/format";
import { isInNetwork } from "./cidr";

/** One element of a value, and whether the behavior objects to it. */
export type Part = { text: string; isBad: boolean };

type Criteria = { operator: string; value: MetricValue };

function criteriaOf(definition: AlarmView["definition"]): Criteria {
  const criteria = object(definition.criteria);
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

/** What a value is in one line. */
export function valueText(value: MetricValue): string {
  const number = numberOf(value);
  if (number !== null)
    return Number.isInteger(number) ? count(number) : String(Number(number.toPrecision(6)));
  const elements = elementsOf(value) ?? [];
  return elements.length === 0 ? "none" : elements.join(", ");
}

/** The elements of a datapoint's set, those first to which the behavior objects; empty for a number. */
export function partsOf(definition: AlarmView["definition"], datapoint: Datapoint): Part[] {
  const elements = elementsOf(datapoint.value);
  if (!elements) return [];
  const { operator, value } = criteriaOf(definition);
  const expected = elementsOf(value) ?? [];
  const isKnown = value.cidrs
    ? (text: string) => expected.some((network) => isInNetwork(text, network))
    : (text: string) => expected.includes(text);
  const isForbidding = operator.startsWith("not-in-");
  const parts = elements.map((text) => ({
    text,
    isBad: datapoint.violates && isKnown(text) === isForbidding,
  }));
  return parts.sort((a, b) => Number(b.isBad) - Number(a.isBad));
}

/** What a number was compared with: learned at that time, or fixed. */
export function thresholdOf(definition: AlarmView["definition"], datapoint: Datapoint): number | null {
  return datapoint.threshold ?? numberOf(criteriaOf(definition).value);
}

/** The search for what came with `trace`; null if that is not a trace id. */
export function traceSearch(trace: string): string | null {
  return /^[a-z][a-z0-9-]*\/\d+\/\d+$/.test(trace) ? `index=* picket_trace="${trace}"` : null;
}
