import { expect, test } from "vitest";
import { compareCells } from "./cells";
import { toSeries } from "./series";

test("a table over time becomes one line per column, with gaps where cells are absent", () => {
  const series = toSeries({
    fields: ["_time", "T", "U"],
    rows: [
      { _time: "2025-01-01T18:51:51.000Z", T: "4" },
      { _time: "2025-01-01T18:46:43.000Z", T: "3", U: "1" },
    ],
  });
  expect(series).toMatchObject({ isTime: true, names: ["T", "U"], x: [1735757203, 1735757511] });
  expect(series).toHaveProperty("y", [
    [3, 4],
    [1, null],
  ]);
});

test("a table over names cannot be drawn, and the reason says so", () => {
  expect(toSeries({ fields: ["thing", "count"], rows: [{ thing: "a", count: "1" }] })).toMatch(
    /neither _time nor a number/,
  );
  expect(toSeries({ fields: [], rows: [] })).toMatch(/no rows/i);
});

test("cells are ordered as numbers where they are, and absent ones come last", () => {
  const cells = ["b", "10", undefined, "9", "a"];
  expect(cells.slice().sort(compareCells)).toEqual(["9", "10", "a", "b", undefined]);
});
