import { describe, expect, test } from "vitest";
import type { Alarm, AlarmDatapoint, MetricValue } from "../api/types.gen";
import { isInNetwork, parseAddress } from "./cidr";
import { partsOf, thresholdOf, traceSearch, valueText } from "./datapoints";
import { isNarrowed, readFilter, spanMs } from "./filter";
import { concerned, moved, toggled } from "./selection";
import { former, nameOf } from "./verification";

const datapoint = (value: MetricValue, violates = true, threshold: number | null = null): AlarmDatapoint => ({
  time_ms: 1,
  value,
  threshold,
  violates,
  trace: "reports/0/7",
});
const behavior = (comparisonOperator: string, value?: MetricValue) => ({
  criteria: { comparisonOperator, ...(value ? { value } : {}) },
});
const bad = (definition: Alarm["definition"], one: AlarmDatapoint) =>
  partsOf(definition, one)
    .filter((part) => part.isBad)
    .map((part) => part.text);

describe("what of a datapoint is not as expected", () => {
  test("is what is not in the set, or what is in the forbidden one", () => {
    const ports = datapoint({ ports: [22, 21, 8883] });
    expect(bad(behavior("in-port-set", { ports: [22, 8883] }), ports)).toEqual(["21"]);
    expect(bad(behavior("not-in-port-set", { ports: [22] }), ports)).toEqual(["22"]);
    const strings = datapoint({ strings: ["a", "<b>"] });
    expect(bad(behavior("in-set", { strings: ["a"] }), strings)).toEqual(["<b>"]);
  });

  test("is told by networks, not by texts", () => {
    const cidrs = datapoint({ cidrs: ["10.1.2.3", "203.0.113.9", "FD00::1", "fe80::1"] });
    const allowed = behavior("in-cidr-set", { cidrs: ["10.0.0.0/8", "fd00::/8"] });
    expect(bad(allowed, cidrs)).toEqual(["203.0.113.9", "fe80::1"]);
  });

  test("comes first, and there is none where the datapoint is as expected", () => {
    const definition = behavior("in-port-set", { ports: [22] });
    expect(partsOf(definition, datapoint({ ports: [22, 23] })).map((part) => part.text)).toEqual([
      "23",
      "22",
    ]);
    expect(bad(definition, datapoint({ ports: [22, 23] }, false))).toEqual([]);
    expect(partsOf(definition, datapoint({ count: 3 }))).toEqual([]);
  });

  test("is not asked of a definition that nobody understands", () => {
    for (const definition of [null, "what", { criteria: "what" }, behavior("is-nice")]) {
      expect(bad(definition, datapoint({ ports: [1] }))).toEqual([]);
    }
    expect(thresholdOf({}, datapoint({ count: 1 }))).toBeNull();
  });
});

test("a number is compared with what was learned, else with the fixed value", () => {
  expect(thresholdOf(behavior("less-than", { count: 5 }), datapoint({ count: 9 }))).toBe(5);
  expect(thresholdOf(behavior("less-than"), datapoint({ count: 9 }, true, 7.5))).toBe(7.5);
});

test("values keep all their digits", () => {
  expect(valueText({ count: 48_211_093 })).toBe("48,211,093");
  expect(valueText({ number: 0.125 })).toBe("0.125");
  expect(valueText({ ports: [] })).toBe("none");
  expect(valueText({ cidrs: ["10.0.0.1", "::1"] })).toBe("10.0.0.1, ::1");
});

test("only a trace id becomes part of a search", () => {
  expect(traceSearch("reports/3/120")).toBe('index=* picket_trace="reports/3/120"');
  for (const text of ["", 'reports/0/1" | delete', "reports/0", "Reports/0/1"])
    expect(traceSearch(text)).toBeNull();
});

describe("addresses", () => {
  test("are read in all their forms", () => {
    for (const text of [
      "",
      "1.2.3",
      "1.2.3.256",
      "1.2.3.4.5",
      ":::",
      "1::2::3",
      "g::",
      "1:2:3:4:5:6:7",
      "::1.2.3",
    ]) {
      expect(parseAddress(text), text).toBeNull();
    }
    expect(parseAddress("::ffff:10.0.0.1")).toEqual(parseAddress("10.0.0.1"));
    expect(parseAddress("2001:db8::1")).toEqual(parseAddress("2001:0db8:0:0:0:0:0:1"));
  });

  test("lie in networks of their own kind", () => {
    const cases: Array<[string, string, boolean]> = [
      ["10.255.0.1", "10.0.0.0/8", true],
      ["11.0.0.1", "10.0.0.0/8", false],
      ["1.2.3.4", "0.0.0.0/0", true],
      ["::1", "0.0.0.0/0", false],
      ["2001:db8::5", "2001:db8::/32", true],
      ["2001:db9::5", "2001:db8::/32", false],
      ["1.2.3.4", "1.2.3.4", true],
      ["1.2.3.4", "1.2.3.4/33", false],
      ["nonsense", "0.0.0.0/0", false],
    ];
    for (const [address, network, expected] of cases) {
      expect(isInNetwork(address, network), `${address} in ${network}`).toBe(expected);
    }
  });
});

describe("the filter", () => {
  test("reads from the address what it knows", () => {
    expect(
      readFilter({ state: "all", verification: "TRUE_POSITIVE", suppressed: "true", last: "30d" }),
    ).toMatchObject({
      state: "all",
      verification: "TRUE_POSITIVE",
      suppressed: "true",
      last: "30d",
    });
    expect(readFilter({ state: "x", verification: "MAYBE", suppressed: "1", last: "9y", thing: "" })).toEqual(
      {},
    );
  });

  test("says whether it narrows, and goes back seven days unless told", () => {
    expect(isNarrowed(readFilter({ state: "all", last: "1d" }))).toBe(false);
    expect(isNarrowed(readFilter({ thing: "pump-1" }))).toBe(true);
    expect(spanMs(undefined)).toBe(7 * 86_400_000);
  });
});

describe("the keys", () => {
  const list = [{ id: "a" }, { id: "b" }, { id: "c" }];
  const ids = list.map((one) => one.id);

  test("move to the next and the one before, and stop at the ends", () => {
    expect(moved(ids, null, 1)).toBe("a");
    expect(moved(ids, "a", 1)).toBe("b");
    expect(moved(ids, "c", 1)).toBe("c");
    expect(moved(ids, "a", -1)).toBe("a");
    expect(moved(ids, "gone", -1)).toBe("a");
    expect(moved([], null, 1)).toBeNull();
  });

  test("act on what is selected, else on where they are", () => {
    expect(concerned(list, new Set(["a", "c", "gone"]), "b")).toEqual([{ id: "a" }, { id: "c" }]);
    expect(concerned(list, new Set(), "b")).toEqual([{ id: "b" }]);
    expect(concerned(list, new Set(["gone"]), null)).toEqual([]);
  });

  test("select and take back", () => {
    const one = toggled(new Set(), "a");
    expect([...one]).toEqual(["a"]);
    expect([...toggled(one, "a")]).toEqual([]);
  });
});

test("what is put back by an undo is the state and the note of before", () => {
  const alarm = { id: "1", thing: "pump-1", behavior: "ports" };
  const verification = { state: "UNKNOWN" as const, description: null, by: null, at_ms: null };
  const noted = { ...verification, state: "TRUE_POSITIVE" as const, description: "seen" };
  const alarms = [
    { ...alarm, verification },
    { ...alarm, id: "2", verification: noted },
  ];
  expect(former(alarms)).toEqual([
    { id: "1", state: "UNKNOWN" },
    { id: "2", state: "TRUE_POSITIVE", description: "seen" },
  ]);
  expect(nameOf(alarms)).toBe("2 alarms");
  expect(nameOf(alarms.slice(0, 1))).toBe("the alarm ports of pump-1");
});
