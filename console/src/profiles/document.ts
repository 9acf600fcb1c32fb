// A security profile in AWS's shape, which anybody may have written: reading it and changing it for a form.
// Every change gives a new document and leaves members alone that the form does not know.
import type { CatalogueMetric } from "../api/types.gen";

export type Members = Record<string, unknown>;
export type MetricKind = CatalogueMetric["kind"];

/** A behavior as a form shows it. */
export type Behavior = {
  name: string;
  metric: string;
  dimension: { name: string; operator: string } | null;
  operator: string;
  threshold: "static" | "percentile" | "learned";
  /** Of a static threshold: the one member of `value`. */
  value: unknown;
  statistic: string;
  durationSeconds: number | null;
  toAlarm: unknown;
  toClear: unknown;
  suppressAlerts: boolean;
  exportMetric: boolean;
};

export type Retained = { metric: string; dimension: string | null; operator: string; exportMetric: boolean };

/** Kept by the server beside what people write. */
const SERVERS_OWN = [
  "targets",
  "version",
  "modified_ms",
  "created_ms",
  "securityProfileName",
  "securityProfileArn",
  "creationDate",
  "lastModifiedDate",
];

export function record(value: unknown): Members {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Members) : {};
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** What people write of a stored document. */
export function authored(document: Members): Members {
  return Object.fromEntries(Object.entries(document).filter(([name]) => !SERVERS_OWN.includes(name)));
}

/** `document` with `member` set, or without it where the value says nothing. */
export function withMember(document: Members, member: string, value: unknown): Members {
  const { [member]: _, ...rest } = document;
  const isNothing = value === undefined || value === "" || (Array.isArray(value) && value.length === 0);
  if (isNothing) return rest;
  return member in document ? { ...document, [member]: value } : { ...rest, [member]: value };
}

export function behaviorsOf(document: Members): Members[] {
  return list(document.behaviors).map(record);
}

export function withBehaviors(document: Members, behaviors: Members[]): Members {
  return { ...document, behaviors };
}

export function readBehavior(raw: Members): Behavior {
  const criteria = record(raw.criteria);
  const dimension = record(raw.metricDimension);
  const seconds = criteria.durationSeconds;
  return {
    name: text(raw.name),
    metric: text(raw.metric),
    dimension: raw.metricDimension
      ? { name: text(dimension.dimensionName), operator: text(dimension.operator) || "IN" }
      : null,
    operator: text(criteria.comparisonOperator),
    threshold: criteria.statisticalThreshold
      ? "percentile"
      : criteria.mlDetectionConfig
        ? "learned"
        : "static",
    value: Object.values(record(criteria.value))[0],
    statistic: text(record(criteria.statisticalThreshold).statistic),
    durationSeconds: typeof seconds === "number" ? seconds : null,
    toAlarm: criteria.consecutiveDatapointsToAlarm ?? 1,
    toClear: criteria.consecutiveDatapointsToClear ?? 1,
    suppressAlerts: raw.suppressAlerts === true,
    exportMetric: raw.exportMetric === true,
  };
}

/** `raw` with some members of its criteria replaced; `undefined` takes one away. */
export function withCriteria(raw: Members, changes: Members): Members {
  const criteria = { ...record(raw.criteria), ...changes };
  return {
    ...raw,
    criteria: Object.fromEntries(Object.entries(criteria).filter(([, it]) => it !== undefined)),
  };
}

export function withDimension(raw: Members, name: string, operator: string): Members {
  return withMember(raw, "metricDimension", name === "" ? undefined : { dimensionName: name, operator });
}

/** A threshold to begin with. */
export function emptyValue(kind: MetricKind): Members {
  return { [kind]: kind === "count" || kind === "number" ? 0 : [] };
}

const DURATION_SECONDS = 300;

/** `raw` about another metric: what does not fit it any more is put right. */
export function withMetric(raw: Members, metric: CatalogueMetric): Members {
  const now = readBehavior(raw);
  const percentile = now.threshold === "percentile" && metric.statistical;
  const operator = metric.operators.includes(now.operator) ? now.operator : metric.operators[0];
  const fits = Object.keys(record(record(raw.criteria).value))[0] === metric.kind;
  const wanted = percentile || metric.period === "required";
  const allowed = percentile || metric.period !== "forbidden";
  const seconds = now.durationSeconds ?? (wanted ? DURATION_SECONDS : undefined);
  const about = {
    ...(metric.dimension ? raw : withMember(raw, "metricDimension", undefined)),
    metric: metric.name,
  };
  return withCriteria(about, {
    comparisonOperator: operator,
    value: percentile ? undefined : fits ? record(raw.criteria).value : emptyValue(metric.kind),
    statisticalThreshold: percentile ? record(raw.criteria).statisticalThreshold : undefined,
    mlDetectionConfig: undefined,
    durationSeconds: allowed ? seconds : undefined,
  });
}

/** `raw` compared with a fixed value, or with a percentile of the fleet. */
export function withThreshold(raw: Members, metric: CatalogueMetric, kind: "static" | "percentile"): Members {
  const seconds = readBehavior(raw).durationSeconds ?? DURATION_SECONDS;
  return kind === "percentile"
    ? withCriteria(raw, {
        value: undefined,
        mlDetectionConfig: undefined,
        comparisonOperator: readBehavior(raw).operator || metric.operators[0],
        statisticalThreshold: { statistic: "p99" },
        durationSeconds: seconds,
      })
    : withCriteria(raw, {
        value: emptyValue(metric.kind),
        mlDetectionConfig: undefined,
        comparisonOperator: readBehavior(raw).operator || metric.operators[0],
        statisticalThreshold: undefined,
        durationSeconds: metric.period === "forbidden" ? undefined : seconds,
      });
}

/** What a behavior is called whom nobody has given a name. */
function usualName(metric: string): string {
  return metric.replace(/^aws:/, "");
}

/** As `withMetric`; a name that only said the metric says the new one. */
export function aboutMetric(raw: Members, metric: CatalogueMetric, taken: string[]): Members {
  const { name, metric: before } = readBehavior(raw);
  const isUsual = name === "" || name.replace(/-\d+$/, "") === usualName(before);
  const next = isUsual ? { ...raw, name: freeName(usualName(metric.name), taken) } : raw;
  return withMetric(next, metric);
}

/** A behavior to begin with. */
export function newBehavior(metric: CatalogueMetric, taken: string[]): Members {
  const name = freeName(usualName(metric.name), taken);
  return withMetric({ name, metric: metric.name, criteria: {} }, metric);
}

/** `wanted`, with a number after it where the name is taken. */
export function freeName(wanted: string, taken: string[]): string {
  if (!taken.includes(wanted)) return wanted;
  for (let n = 2; ; n += 1) {
    const name = `${wanted}-${n}`;
    if (!taken.includes(name)) return name;
  }
}

export function names(behaviors: Members[]): string[] {
  return behaviors.map((behavior) => text(behavior.name));
}

export function retainedOf(document: Members): Retained[] {
  return list(document.additionalMetricsToRetainV2)
    .map(record)
    .map((raw) => {
      const dimension = record(raw.metricDimension);
      return {
        metric: text(raw.metric),
        dimension: raw.metricDimension ? text(dimension.dimensionName) : null,
        operator: text(dimension.operator) || "IN",
        exportMetric: raw.exportMetric === true,
      };
    });
}

export function withRetained(document: Members, retained: Retained[]): Members {
  const raw = retained.map(({ metric, dimension, operator, exportMetric }) => ({
    metric,
    ...(dimension ? { metricDimension: { dimensionName: dimension, operator } } : {}),
    ...(exportMetric ? { exportMetric } : {}),
  }));
  return withMember(document, "additionalMetricsToRetainV2", raw);
}

/** `document` with the metric of the behavior `name` among those that are kept. */
export function keeping(document: Members, name: string): Members {
  const found = behaviorsOf(document)
    .map(readBehavior)
    .find((behavior) => behavior.name === name);
  const retained = retainedOf(document);
  if (!found || retained.some((one) => one.metric === found.metric)) return document;
  const { metric, dimension } = found;
  return withRetained(document, [
    ...retained,
    {
      metric,
      dimension: dimension?.name ?? null,
      operator: dimension?.operator ?? "IN",
      exportMetric: false,
    },
  ]);
}

/** Names of behaviors that two documents do not have alike, and of other members that differ. */
export function differences(a: Members, b: Members): string[] {
  const same = (x: unknown, y: unknown) => JSON.stringify(sorted(x)) === JSON.stringify(sorted(y));
  const [left, right] = [behaviorsOf(a), behaviorsOf(b)];
  const behaviors = [...new Set([...names(left), ...names(right)])].filter(
    (name) =>
      !same(
        left.find((it) => it.name === name),
        right.find((it) => it.name === name),
      ),
  );
  const members = [...new Set([...Object.keys(a), ...Object.keys(b)])].filter(
    (member) => member !== "behaviors" && !same(a[member], b[member]),
  );
  return [...behaviors, ...members];
}

/** Members in alphabetical order, as their order means nothing. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, member]) => [name, sorted(member)]),
  );
}
