import { expect, test } from "vitest";
import { thinned } from "../components/Sparkline";
import { count, duration, lag, metricTitle, rate, tick } from "./format";

test("durations are said in the two largest units", () => {
  expect([4_000, 61_000, 3_600_000, 3_900_000, 90_000_000, 315_600_000_000].map(duration)).toEqual([
    "4 s",
    "1 min",
    "1 h",
    "1 h 5 min",
    "1 d 1 h",
    "10 years",
  ]);
});

test("small rates keep a digit and large counts lose theirs", () => {
  expect([rate(0), rate(3.14), rate(9.96), count(1_234_567)]).toEqual(["0", "3.1", "10", "1.2M"]);
  expect([lag(0), lag(0.02), lag(2.5), lag(90)]).toEqual(["0 s", "< 0.1 s", "2.5 s", "1 min"]);
  expect([tick(0.5), tick(2000)]).toEqual(["0.5", "2,000"]);
});

test("metric names read as words", () => {
  expect(metricTitle("aws:num-listening-tcp-ports")).toBe("listening tcp ports");
});

test("a long series is thinned to means, with gaps kept", () => {
  const long = [...Array.from({ length: 10 }, () => null), ...Array.from({ length: 590 }, (_, n) => n % 2)];
  const short = thinned(long);
  expect(short).toHaveLength(60);
  expect(short.slice(0, 2)).toEqual([null, 0.5]);
});
