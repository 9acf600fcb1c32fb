// The time that the metric explorer shows.
import type { MetricSearch } from "./address";

export type Span = { from_ms: number; to_ms: number };

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export const RANGES = [
  { value: "1h", text: "1 h", ms: HOUR },
  { value: "6h", text: "6 h", ms: 6 * HOUR },
  { value: "24h", text: "24 h", ms: DAY },
  { value: "7d", text: "7 d", ms: 7 * DAY },
  { value: "14d", text: "14 d", ms: 14 * DAY },
] as const;

/** Datapoints are kept for this long. */
const KEPT_MS = 14 * DAY;
const SPAN_MIN_MS = MINUTE;
/** Datapoints over less than this part of the time are hard to see. */
const FITS = 0.4;

export function rangeOf(search: MetricSearch): (typeof RANGES)[number] {
  return RANGES.find((range) => range.value === search.last) ?? RANGES[2];
}

/** The stretch that was zoomed to, if one was. */
export function zoomOf(search: MetricSearch): Span | null {
  const [from, to] = [Number(search.from), Number(search.to)];
  const isSpan =
    search.from !== undefined && search.to !== undefined && from >= 0 && to - from >= SPAN_MIN_MS;
  return isSpan ? { from_ms: from, to_ms: Math.min(to, from + KEPT_MS) } : null;
}

export function spanOf(search: MetricSearch, now: number): Span {
  return zoomOf(search) ?? { from_ms: now - rangeOf(search).ms, to_ms: now };
}

/** What holds all `seconds`, with some room, where that is much less than `span`; null where it is not. */
export function fitted(span: Span, seconds: number[]): Span | null {
  if (seconds.length === 0) return null;
  const first = seconds.reduce((least, one) => Math.min(least, one)) * 1000;
  const last = seconds.reduce((most, one) => Math.max(most, one)) * 1000;
  const length = Math.max((last - first) * 1.1, 5 * MINUTE);
  if (length > (span.to_ms - span.from_ms) * FITS) return null;
  const middle = (first + last) / 2;
  return { from_ms: Math.round(middle - length / 2), to_ms: Math.round(middle + length / 2) };
}

/** `span` made `factor` times as long around its middle. */
export function scaled({ from_ms, to_ms }: Span, factor: number): Span {
  const length = Math.min(Math.max((to_ms - from_ms) * factor, SPAN_MIN_MS), KEPT_MS);
  const middle = (from_ms + to_ms) / 2;
  return { from_ms: Math.round(middle - length / 2), to_ms: Math.round(middle + length / 2) };
}

/** `span` moved by a part of its length. */
export function moved({ from_ms, to_ms }: Span, part: number): Span {
  const by = Math.round((to_ms - from_ms) * part);
  return { from_ms: from_ms + by, to_ms: to_ms + by };
}

const STEPS = [10_000, 30_000, MINUTE, 5 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, DAY];
const STEPS_WANTED = 72;

/** The length of a step of the fleet's bands. */
export function stepOf({ from_ms, to_ms }: Span): number {
  const wanted = (to_ms - from_ms) / STEPS_WANTED;
  return STEPS.find((step) => step >= wanted) ?? DAY;
}
