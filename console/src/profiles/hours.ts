// From alarms by hour, hours without alarms left out, to bars over the whole time.
import type { ProfilePreview } from "../api/types.gen";

const HOUR_S = 3600;
const BARS_MAX = 100;

export type Bars = {
  /** What a bar stands for: `hour`, `6 hours`. */
  name: string;
  seconds: number;
  /** Starts, in seconds since 1970. */
  x: number[];
  y: number[];
};

/** Hours, or as many together as needed for no more than 100 bars. */
export function hourBars({
  from_ms,
  to_ms,
  by_hour,
}: Pick<ProfilePreview, "from_ms" | "to_ms" | "by_hour">): Bars {
  const first = Math.floor(from_ms / 1000 / HOUR_S);
  const hours = Math.max(1, Math.ceil(to_ms / 1000 / HOUR_S) - first);
  const together =
    [1, 2, 3, 6, 12, 24].find((size) => hours / size <= BARS_MAX) ?? Math.ceil(hours / BARS_MAX);
  const y = new Array<number>(Math.ceil(hours / together)).fill(0);
  for (const { start_ms, alarms } of by_hour) {
    const index = Math.floor((Math.floor(start_ms / 1000 / HOUR_S) - first) / together);
    if (index >= 0 && index < y.length) y[index] = (y[index] ?? 0) + alarms;
  }
  return {
    name: together === 1 ? "hour" : `${together} hours`,
    seconds: together * HOUR_S,
    x: y.map((_, n) => (first + n * together) * HOUR_S),
    y,
  };
}
