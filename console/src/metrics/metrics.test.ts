import { describe, expect, test } from "vitest";
import type { Profile as SecurityProfile } from "../api/types.gen";
import { toCsv } from "../lib/csv";
import { readMetricSearch, thingsOf, thingsText } from "./address";
import { fleetLines, lineOf, listTable, tableOf } from "./lines";
import { presences } from "./presence";
import { fitted, moved, scaled, spanOf, stepOf, zoomOf } from "./span";
import { watching } from "./watching";

const minutes = (n: number) => n * 60_000;
const counts = (...at: Array<[number, number]>) =>
  at.map(([time, count]) => ({ time_ms: minutes(time), value: { count } }));

describe("the address", () => {
  test("names devices whatever they are called", () => {
    const names = ["a,b", "ü&=%", "c"];
    expect(thingsOf({ things: thingsText(names) })).toEqual(names);
    expect(thingsOf({ things: "%E0%A4%A,x,x,," })).toEqual(["%E0%A4%A", "x"]);
    expect(thingsText([])).toBeUndefined();
  });

  test("leaves out what nobody knows", () => {
    expect(readMetricSearch({ operator: "OR", fleet: "on", metric: 3, from: "1" })).toEqual({ from: "1" });
  });

  test("zooms only to a stretch that is one", () => {
    expect(zoomOf({ from: "100000", to: "900000" })).toEqual({ from_ms: 100_000, to_ms: 900_000 });
    for (const odd of [
      { from: "5", to: "4" },
      { from: "x", to: "1" },
      { from: "1" },
      { from: "-9", to: "99999" },
    ]) {
      expect(zoomOf(odd)).toBeNull();
    }
    expect(spanOf({ last: "1h" }, 7_200_000)).toEqual({ from_ms: 3_600_000, to_ms: 7_200_000 });
  });
});

test("a span is zoomed and moved", () => {
  const span = { from_ms: minutes(0), to_ms: minutes(60) };
  expect(scaled(span, 0.5)).toEqual({ from_ms: minutes(15), to_ms: minutes(45) });
  expect(scaled({ from_ms: 0, to_ms: 60_000 }, 0.5)).toEqual({ from_ms: 0, to_ms: 60_000 });
  expect(moved(span, -0.5)).toEqual({ from_ms: minutes(-30), to_ms: minutes(30) });
  expect(fitted(span, [])).toBeNull();
  expect(fitted(span, [0, 3000])).toBeNull();
  expect(fitted(span, [3000, 3600])).toEqual({ from_ms: minutes(49.5), to_ms: minutes(60.5) });
  expect(stepOf(span)).toBe(minutes(1));
  expect(stepOf({ from_ms: 0, to_ms: minutes(14 * 24 * 60) })).toBe(minutes(360));
});

describe("lines", () => {
  test("are broken where a device was silent for long", () => {
    const line = lineOf("d", counts([0, 1], [5, 2], [10, 3], [60, 4]));
    expect(line.y).toEqual([1, 2, 3, null, null, 4]);
  });

  test("leave out what is no number", () => {
    expect(lineOf("d", [{ time_ms: 0, value: { ports: [1] } }]).x).toEqual([]);
  });

  test("of the fleet stand at the middle of their steps", () => {
    const band = { start_ms: 0, devices: 2, min: 0, p10: 1, p50: 2, p90: 3, p99: 4, max: 5 };
    const at = (...starts: number[]) => starts.map((start) => ({ ...band, start_ms: minutes(start) }));
    const lines = fleetLines(at(0, 5, 10, 60), minutes(1));
    expect(lines.x).toEqual([30, 330, 630, 630.001, 3629.999, 3630]);
    expect(lines.p50).toEqual([2, 2, 2, null, null, 2]);
  });

  test("become a table whose cells are no formulas in the file", () => {
    const table = tableOf([lineOf("__proto__", counts([0, 1])), lineOf("=1+1", counts([0, 2], [5, 3]))], []);
    expect(table.fields).toEqual(["_time", "__proto__", "=1+1"]);
    expect(table.rows).toHaveLength(2);
    expect(toCsv(table)).toContain("'=1+1");
    expect(toCsv(table)).toContain("1970-01-01T00:00:00.000Z,1,2");
  });
});

describe("a list over time", () => {
  const ports = (...at: Array<[number, number[]]>) =>
    at.map(([time, list]) => ({ time_ms: minutes(time), value: { ports: list } }));

  test("shows what came and went, the rarest first", () => {
    const points = ports([0, [22]], [5, [21, 22]], [10, [22]], [15, [22]]);
    const [rare, common] = presences(points, minutes(20));
    expect(rare).toMatchObject({ element: "21", seen: 1, isNow: false });
    expect(rare?.stretches).toEqual([{ from_ms: minutes(5), to_ms: minutes(10) }]);
    expect(common).toMatchObject({ element: "22", seen: 4, isNow: true });
    expect(common?.stretches).toEqual([{ from_ms: 0, to_ms: minutes(20) }]);
  });

  test("says nothing of a time without datapoints", () => {
    const [port] = presences(ports([0, [22]], [5, [22]], [10, [22]], [100, [22]]), minutes(105));
    expect(port?.stretches).toEqual([
      { from_ms: 0, to_ms: minutes(15) },
      { from_ms: minutes(100), to_ms: minutes(105) },
    ]);
  });

  test("is a table of texts", () => {
    const table = listTable([{ name: "d", points: ports([0, [22, 80]]) }]);
    expect(table.rows[0]).toMatchObject({ d: "22 80" });
  });
});

test("behaviors that watch a metric say so, with their threshold", () => {
  const document = {
    behaviors: [
      { name: "a", metric: "m", criteria: { comparisonOperator: "less-than", value: { count: 5 } } },
      { name: "b", metric: "m", metricDimension: { dimensionName: "d" }, criteria: { value: { count: 6 } } },
      { name: "c", metric: "m", criteria: { statisticalThreshold: { statistic: "p99" } } },
      {
        name: "e",
        metric: "n",
        criteria: { comparisonOperator: "not-in-cidr-set", value: { cidrs: ["10.0.0.0/8"] } },
      },
    ],
  };
  const profiles = [{ name: "p", document, problems: [], targets: ["t"] }] as unknown as SecurityProfile[];
  const seen = watching(profiles, { metric: "m" });
  expect(seen.map((one) => [one.behavior, one.threshold])).toEqual([
    ["a", 5],
    ["c", null],
  ]);
  expect(watching(profiles, { metric: "m", dimension: "d", operator: "IN" })).toHaveLength(1);
  expect(watching(profiles, { metric: "m", dimension: "d", operator: "NOT_IN" })).toHaveLength(0);
  const [addresses] = watching(profiles, { metric: "n" });
  expect([addresses?.allows?.("10.1.2.3"), addresses?.allows?.("192.0.2.1")]).toEqual([false, true]);
});
