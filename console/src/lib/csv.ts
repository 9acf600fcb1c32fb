// Exports. Cells come from devices, and spreadsheets run what looks like a formula.
import type { SearchResult } from "../api/types.gen";
import { cellText } from "./cells";

const FORMULA_START = /^[\s]*[=+\-@\t\r\uFF1D\uFF0B\uFF0D\uFF20]/;
const PLAIN_NUMBER = /^[+-]?\d+(\.\d+)?(e[+-]?\d+)?$/i;

/** One cell, quoted where needed; what could be a formula gets an apostrophe in front. */
export function csvCell(text: string): string {
  const safe = FORMULA_START.test(text) && !PLAIN_NUMBER.test(text) ? `'${text}` : text;
  return /[",\r\n]|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** A whole result, CRLF between lines (RFC 4180). */
export function toCsv(result: Pick<SearchResult, "fields" | "rows">): string {
  const lines = [result.fields.map(csvCell)];
  for (const row of result.rows) lines.push(result.fields.map((field) => csvCell(cellText(row[field]))));
  return `${lines.map((cells) => cells.join(",")).join("\r\n")}\r\n`;
}

/** Hands `content` to the browser as a file. */
export function download(name: string, type: string, content: string | Uint8Array): void {
  const part = typeof content === "string" ? content : new Uint8Array(content);
  const url = URL.createObjectURL(new Blob([part], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
