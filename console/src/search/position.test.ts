import { expect, test } from "vitest";
import { stretchAt } from "./position";

const at = (text: string, line: number, column: number) => {
  const { from, to } = stretchAt(text, line, column);
  return text.slice(from, to);
};

test("a position becomes the word that stands there", () => {
  expect(at("index=iot\n| chrat count", 2, 3)).toBe("chrat");
  expect(at("index=iot | where (", 1, 19)).toBe("(");
});

test("columns count characters, not code units", () => {
  expect(at('thing="🔥🔥" | nope', 1, 14)).toBe("nope");
});

test("a position at or after the end underlines the last character", () => {
  expect(at("index=iot |", 1, 12)).toBe("|");
  expect(at("abc", 9, 9)).toBe("c");
});
