import { expect, test } from "vitest";
import { hourBars } from "../profiles/hours";
import { expectation, measuredText, targetGroup, targetText } from "./profile";

const criteria = (members: object) => ({ name: "b", metric: "m", criteria: members });

test("a behavior reads as what is expected", () => {
  const said = (members: object) => expectation(criteria(members));
  expect(said({ comparisonOperator: "less-than", value: { count: 5 }, durationSeconds: 300 })).toBe(
    "less than 5 in 5 min",
  );
  expect(said({ comparisonOperator: "in-port-set", value: { ports: [22, 80] } })).toBe("only ports 22, 80");
  expect(said({ comparisonOperator: "in-port-set", value: { ports: [] } })).toBe("only ports nothing");
  expect(
    said({
      comparisonOperator: "less-than-equals",
      statisticalThreshold: { statistic: "p99" },
      durationSeconds: 900,
    }),
  ).toBe("at most the fleet's p99 in 15 min");
  expect(said({ mlDetectionConfig: { confidenceLevel: "HIGH" } })).toBe("what was learned of the fleet");
  expect(expectation({})).toBe("nothing yet");
});

test("a long list is cut off", () => {
  const ports = Array.from({ length: 40 }, (_, n) => n);
  expect(expectation(criteria({ comparisonOperator: "not-in-port-set", value: { ports } }))).toMatch(
    /and 28 more$/,
  );
});

test("measured values read as one text", () => {
  expect([{ count: 3 }, { ports: [1, 2] }, { cidrs: [] }, {}].map(measuredText)).toEqual([
    "3",
    "1, 2",
    "none",
    "–",
  ]);
});

test("targets have names", () => {
  const group = "arn:aws:iot:us-east-1:000000000000:thinggroup/ward:1";
  expect([targetText(group), targetGroup(group)]).toEqual(["group ward:1", "ward:1"]);
  expect(targetText("arn:aws:iot:x:1:all/registered-things")).toBe("all registered things");
  expect(targetText("odd")).toBe("odd");
});

test("alarms by hour become bars over the whole time", () => {
  const hour = 3_600_000;
  const day = hourBars({ from_ms: 0, to_ms: 24 * hour, by_hour: [{ start_ms: 3 * hour, alarms: 2 }] });
  expect([day.name, day.x.length, day.y[3], day.y[4]]).toEqual(["hour", 24, 2, 0]);
  const weeks = hourBars({
    from_ms: 0,
    to_ms: 14 * 24 * hour,
    by_hour: [
      { start_ms: 0, alarms: 1 },
      { start_ms: hour, alarms: 4 },
      { start_ms: 999 * 24 * hour, alarms: 9 },
    ],
  });
  expect([weeks.name, weeks.y.length, weeks.y[0]]).toEqual(["6 hours", 56, 5]);
});
