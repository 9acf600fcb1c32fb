// Elements of list-valued thresholds, as people type and paste them.
import type { MetricKind } from "./document";

export type Element = string | number;

const PORTS_IN_RANGE_MAX = 1000;

/**
 * The elements in a text: ports and addresses one after the other, ports also as `8000-8010`; texts one a
 * line. What is no port or number stays as it was typed: the server says what is wrong with it.
 */
export function elementsIn(kind: MetricKind, typed: string): Element[] {
  const separator = kind === "strings" ? /\r?\n/ : /[\s,;]+/;
  const found = typed
    .split(separator)
    .map((one) => one.trim())
    .filter((one) => one !== "");
  return found.flatMap((one) => elements(kind, one));
}

function elements(kind: MetricKind, one: string): Element[] {
  if (kind === "ports") {
    const range = /^(\d{1,5})-(\d{1,5})$/.exec(one);
    const [from, to] = [Number(range?.[1]), Number(range?.[2])];
    if (range && to >= from && to - from < PORTS_IN_RANGE_MAX) {
      return Array.from({ length: to - from + 1 }, (_, n) => from + n);
    }
    return [/^\d+$/.test(one) ? Number(one) : one];
  }
  return [kind === "numbers" ? numberOr(one) : one];
}

/** The number that was typed, or the text where it is none. */
export function numberOr(typed: string): number | string {
  const text = typed.trim();
  const value = Number(text);
  return text !== "" && Number.isFinite(value) ? value : typed;
}

/** `before` and those of `added` that are not in it. */
export function together(before: Element[], added: Element[]): Element[] {
  return [...new Set([...before, ...added])];
}
