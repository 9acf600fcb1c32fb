import { expect, test } from "vitest";
import { lineOf } from "./lines";
import { spanAfter } from "./MetricChart";
import { columnsOf, nearest, readings, yRange } from "./plot";

const line = (name: string, ...points: Array<[number, number]>) =>
  lineOf(
    name,
    points.map(([seconds, count]) => ({ time_ms: seconds * 1000, value: { count } })),
  );

test("lines that do not share their times are drawn over one", () => {
  const columns = columnsOf({ fleet: null, lines: [line("a", [0, 1], [10, 2]), line("b", [5, 3])] });
  expect(columns).toEqual([
    [0, 5, 10],
    [1, undefined, 2],
    [undefined, 3, undefined],
  ]);
  expect(columnsOf({ fleet: null, lines: [] })).toEqual([[]]);
  const silent = line("a", [0, 1], [10, 2], [20, 3], [100, 4]);
  const [x, own] = columnsOf({ fleet: null, lines: [silent, line("b", [50, 9])] });
  expect(own?.[x?.indexOf(50) ?? -1]).toBeNull();
});

test("the range holds thresholds that are near, and not those far above", () => {
  const threshold = (value: number) => [{ value, label: "t" }];
  expect(yRange(threshold(150), 0, 100)[1]).toBeGreaterThan(150);
  expect(yRange(threshold(5_000_000), 0, 100)[1]).toBeLessThan(120);
  expect(yRange([], null, null)).toEqual([0, 1]);
  expect(yRange([], -5, 3)[0]).toBe(-5);
});

test("the readout names what is nearest to the cursor", () => {
  expect([nearest([0, 10, 20], 14), nearest([0, 10, 20], 16), nearest([], 3)]).toEqual([1, 2, 0]);
  const data = {
    lines: [line("a", [0, 1], [10, 2])],
    fleet: null,
    shown: new Set<never>(),
    thresholds: [],
    alarms: [],
    span: { from_ms: 0, to_ms: 1 },
  };
  expect(readings(data, 9).map((one) => [one.name, one.value])).toEqual([["a", 2]]);
});

test("keys zoom and move", () => {
  const span = { from_ms: 0, to_ms: 3_600_000 };
  expect(spanAfter("+", span)).toEqual({ from_ms: 900_000, to_ms: 2_700_000 });
  expect(spanAfter("ArrowLeft", span)).toEqual({ from_ms: -900_000, to_ms: 2_700_000 });
  expect(spanAfter("0", span)).toBeNull();
  expect(spanAfter("Tab", span)).toBeUndefined();
});
