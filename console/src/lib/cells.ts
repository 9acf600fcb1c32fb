// Reading the cells of a search result.
import type { SearchResult } from "../api/types.gen";

export type Row = SearchResult["rows"][number];
export type Cell = Row[string] | undefined;

/** A cell as one line of text. */
export function cellText(cell: Cell): string {
  if (cell === undefined) return "";
  return Array.isArray(cell) ? cell.join(", ") : cell;
}

/** A cell as a number, if it is one. */
export function cellNumber(cell: Cell): number | null {
  if (typeof cell !== "string" || cell.trim() === "") return null;
  const value = Number(cell);
  return Number.isFinite(value) ? value : null;
}

/** A `_time` cell in milliseconds: ISO 8601, or seconds since 1970. */
export function cellTime(cell: Cell): number | null {
  if (typeof cell !== "string") return null;
  const seconds = cellNumber(cell);
  if (seconds !== null) return seconds * 1000;
  const ms = Date.parse(cell);
  return Number.isNaN(ms) ? null : ms;
}

/** Whether every cell of `field` that is there is a number, and at least one is. */
export function isNumeric(rows: Row[], field: string): boolean {
  let seen = false;
  for (const row of rows) {
    const cell = row[field];
    if (cell === undefined || cell === "") continue;
    if (cellNumber(cell) === null) return false;
    seen = true;
  }
  return seen;
}

/** Orders cells: numbers by value, before texts by their characters; absent ones come last. */
export function compareCells(a: Cell, b: Cell): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  const [x, y] = [cellNumber(a), cellNumber(b)];
  if (x !== null && y !== null) return x - y;
  if (x !== null || y !== null) return x !== null ? -1 : 1;
  return cellText(a).localeCompare(cellText(b));
}
