// From a table to what a line chart draws.
import type { SearchResult } from "../api/types.gen";
import { cellNumber, cellTime, isNumeric } from "./cells";

export type Series = {
  /** Whether `x` is time, in seconds since 1970. */
  isTime: boolean;
  xName: string;
  names: string[];
  x: number[];
  /** One list per name, as long as `x`. */
  y: Array<Array<number | null>>;
};

/** Most lines that can be told apart. */
export const SERIES_MAX = 20;

/** The lines of a table, or the reason why there are none. */
export function toSeries(result: Pick<SearchResult, "fields" | "rows">): Series | string {
  const { fields, rows } = result;
  const xName = fields[0];
  if (xName === undefined || rows.length === 0) return "There are no rows to draw.";
  const isTime = xName === "_time";
  if (!isTime && !isNumeric(rows, xName)) {
    return `The first column, ${xName}, is neither _time nor a number. A search that ends in timechart or chart … over _time can be drawn.`;
  }
  const hidden = (name: string) => name.startsWith("_");
  const names = fields
    .slice(1)
    .filter((name) => !hidden(name) && isNumeric(rows, name))
    .slice(0, SERIES_MAX);
  if (names.length === 0) return "No column but the first holds numbers.";
  const at = (row: (typeof rows)[number]) => {
    const cell = row[xName];
    const value = isTime ? cellTime(cell) : cellNumber(cell);
    return value === null ? null : isTime ? value / 1000 : value;
  };
  const points = rows.map((row) => ({ row, x: at(row) })).filter((point) => point.x !== null) as Array<{
    row: (typeof rows)[number];
    x: number;
  }>;
  points.sort((a, b) => a.x - b.x);
  return {
    isTime,
    xName,
    names,
    x: points.map((point) => point.x),
    y: names.map((name) => points.map((point) => cellNumber(point.row[name]))),
  };
}

/** Colours of lines, told apart on light and on dark ground and by most kinds of colour blindness. */
const COLOURS = [
  "#2a9d8f",
  "#e07a1f",
  "#4a7fd6",
  "#c2497f",
  "#8d6bd1",
  "#7a9a01",
  "#b5651d",
  "#d64550",
  "#1496bb",
  "#8a8f98",
];

export function colour(index: number): string {
  return COLOURS[index % COLOURS.length] ?? "#888888";
}
