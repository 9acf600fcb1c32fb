// Time ranges: presets, and what a range is called.
import { dateTime } from "../lib/format";

export type TimeRange = { earliest: string; latest: string };

export const PRESETS: ReadonlyArray<{ text: string; earliest: string }> = [
  { text: "Last 5 minutes", earliest: "-5m" },
  { text: "Last 15 minutes", earliest: "-15m" },
  { text: "Last hour", earliest: "-1h" },
  { text: "Last 24 hours", earliest: "-24h" },
  { text: "Last 7 days", earliest: "-7d" },
  { text: "All time", earliest: "" },
];

export const DEFAULT_RANGE: TimeRange = { earliest: "-1h", latest: "" };

export function rangeName(range: TimeRange): string {
  const open = range.latest === "" || range.latest === "now";
  const preset = PRESETS.find((one) => one.earliest === range.earliest);
  if (open && preset) return preset.text;
  const from = range.earliest === "" ? "the beginning" : moment(range.earliest);
  return `${from} to ${open ? "now" : moment(range.latest)}`;
}

/** Seconds since 1970 as a date; other modifiers as they are. */
function moment(modifier: string): string {
  return /^\d{9,11}(\.\d+)?$/.test(modifier) ? dateTime(Number(modifier) * 1000) : modifier;
}
