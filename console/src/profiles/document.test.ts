import { describe, expect, test } from "vitest";
import type { CatalogueMetric } from "../api/types.gen";
import {
  aboutMetric,
  authored,
  behaviorsOf,
  differences,
  freeName,
  newBehavior,
  readBehavior,
  retainedOf,
  withCriteria,
  withDimension,
  withMember,
  withMetric,
  withRetained,
  withThreshold,
} from "./document";

const sent: CatalogueMetric = {
  name: "aws:num-messages-sent",
  side: "cloud",
  kind: "count",
  unit: "messages",
  doc: "",
  operators: ["less-than", "less-than-equals", "greater-than", "greater-than-equals"],
  period: "required",
  statistical: true,
  dimension: true,
  custom: false,
};
const ports: CatalogueMetric = {
  ...sent,
  name: "aws:listening-tcp-ports",
  side: "device",
  kind: "ports",
  operators: ["in-port-set", "not-in-port-set"],
  period: "forbidden",
  statistical: false,
  dimension: false,
};

describe("a behavior", () => {
  const raw = {
    name: "rate",
    metric: sent.name,
    metricDimension: { dimensionName: "auth", operator: "NOT_IN" },
    criteria: { comparisonOperator: "less-than", value: { count: 7 }, durationSeconds: 600, mine: 1 },
    note: "kept",
  };

  test("is read with the defaults filled in", () => {
    expect(readBehavior(raw)).toMatchObject({
      dimension: { name: "auth", operator: "NOT_IN" },
      threshold: "static",
      value: 7,
      durationSeconds: 600,
      toAlarm: 1,
      toClear: 1,
      suppressAlerts: false,
    });
  });

  test("is read whatever is in it", () => {
    for (const odd of [{}, { criteria: 3, metricDimension: "x", name: null }, { criteria: { value: [] } }]) {
      expect(readBehavior(odd).name).toBe("");
    }
  });

  test("about a metric of another kind loses what does not fit", () => {
    const changed = withMetric(raw, ports);
    expect(changed).toEqual({
      name: "rate",
      metric: ports.name,
      criteria: { comparisonOperator: "in-port-set", value: { ports: [] }, mine: 1 },
      note: "kept",
    });
  });

  test("about a metric of the same kind keeps its threshold", () => {
    const changed = withMetric(raw, { ...sent, name: "aws:num-messages-received" });
    expect(readBehavior(changed)).toMatchObject({ value: 7, durationSeconds: 600, operator: "less-than" });
  });

  test("changes between a fixed value and a percentile", () => {
    const percentile = withThreshold(raw, sent, "percentile");
    expect(readBehavior(percentile)).toMatchObject({
      threshold: "percentile",
      statistic: "p99",
      value: undefined,
    });
    const fixed = withThreshold(percentile, sent, "static");
    expect(readBehavior(fixed)).toMatchObject({ threshold: "static", value: 0, durationSeconds: 600 });
  });

  test("loses a dimension that is taken away", () => {
    expect(withDimension(raw, "", "IN")).not.toHaveProperty("metricDimension");
    expect(withCriteria(raw, { durationSeconds: undefined }).criteria).not.toHaveProperty("durationSeconds");
  });

  test("is renamed with its metric only where nobody has named it", () => {
    const usual = newBehavior(sent, []);
    expect(aboutMetric(usual, ports, ["listening-tcp-ports"]).name).toBe("listening-tcp-ports-2");
    expect(aboutMetric(raw, ports, []).name).toBe("rate");
  });

  test("begins with what its metric needs", () => {
    expect(newBehavior(ports, ["listening-tcp-ports"])).toEqual({
      name: "listening-tcp-ports-2",
      metric: ports.name,
      criteria: { comparisonOperator: "in-port-set", value: { ports: [] } },
    });
    expect(readBehavior(newBehavior(sent, [])).durationSeconds).toBe(300);
  });
});

describe("a document", () => {
  test("is sent without what the server keeps beside it", () => {
    const stored = { behaviors: [], targets: ["x"], version: 3, modified_ms: 1, securityProfileName: "p" };
    expect(authored(stored)).toEqual({ behaviors: [] });
  });

  test("has no member that says nothing, and keeps the order of its members", () => {
    expect(withMember({ a: 1, b: 2 }, "a", "")).toEqual({ b: 2 });
    expect(Object.keys(withMember({ a: 1, b: 2 }, "a", 5))).toEqual(["a", "b"]);
  });

  test("with behaviors that are no list has none", () => {
    expect(behaviorsOf({ behaviors: "all" })).toEqual([]);
  });

  test("gives back the metrics it retains", () => {
    const retained = [
      { metric: "m", dimension: null, operator: "IN", exportMetric: true },
      { metric: "n", dimension: "d", operator: "NOT_IN", exportMetric: false },
    ];
    expect(retainedOf(withRetained({}, retained))).toEqual(retained);
    expect(withRetained({ additionalMetricsToRetainV2: [1] }, [])).toEqual({});
  });

  test("is told apart by what matters", () => {
    const a = { behaviors: [{ name: "x", metric: "m" }], securityProfileDescription: "one" };
    const b = { securityProfileDescription: "one", behaviors: [{ metric: "m", name: "x" }] };
    expect(differences(a, b)).toEqual([]);
    expect(differences(a, { behaviors: [{ name: "y" }] })).toEqual(["x", "y", "securityProfileDescription"]);
  });
});

test("a name that is taken gets a number", () => {
  expect(freeName("a", ["a", "a-2"])).toBe("a-3");
});
