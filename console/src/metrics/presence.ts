// When which element was in a device's list: ports and addresses that come and go.
import type { DatapointList } from "../api/types.gen";
import { elementsOf, usualDistance } from "./lines";

export type Stretch = { from_ms: number; to_ms: number };

export type Presence = {
  element: string;
  /** When it was there, oldest first. */
  stretches: Stretch[];
  /** In how many datapoints it was. */
  seen: number;
  /** Whether it is in the newest. */
  isNow: boolean;
};

/** Elements shown; the rarest come first, as they are what to look at. */
export const ELEMENTS_MAX = 200;

/** A list holds until the next datapoint, but not over a silence of more than this many times the usual. */
const HOLDS = 3.5;

export function presences(points: DatapointList["points"], end_ms: number): Presence[] {
  const usual = usualDistance(points.map((point) => point.time_ms)) || 300_000;
  const found = new Map<string, Presence>();
  points.forEach((point, n) => {
    const next = points[n + 1]?.time_ms ?? end_ms;
    const to_ms = next - point.time_ms > HOLDS * usual ? point.time_ms + usual : next;
    for (const element of new Set(elementsOf(point.value))) {
      const known = found.get(element) ?? { element, stretches: [], seen: 0, isNow: false };
      const last = known.stretches.at(-1);
      if (last && last.to_ms >= point.time_ms) last.to_ms = to_ms;
      else known.stretches.push({ from_ms: point.time_ms, to_ms });
      known.seen += 1;
      known.isNow = n === points.length - 1;
      found.set(element, known);
    }
  });
  return [...found.values()].sort((a, b) => a.seen - b.seen || byNumber(a.element, b.element));
}

function byNumber(a: string, b: string): number {
  const [x, y] = [Number(a), Number(b)];
  return Number.isNaN(x) || Number.isNaN(y) ? a.localeCompare(b) : x - y;
}
