// What the server says of security profiles, their metrics and stored datapoints.

/** Exactly one member is set. */
export type MetricValue = {
  count?: number;
  cidrs?: string[];
  ports?: number[];
  number?: number;
  numbers?: number[];
  strings?: string[];
};

export type ProfileProblem = {
  /** Where, for example `behaviors[0].criteria.value`; empty for the document as a whole. */
  path: string;
  problem: string;
};

export type SecurityProfile = {
  name: string;
  version: number;
  created_ms: number;
  modified_ms: number;
  /** The security profile in AWS's shape. */
  document: Record<string, unknown>;
  /** ARNs of whom it watches. */
  targets: string[];
  /** Why it is not in force; empty where it is. */
  problems: ProfileProblem[];
  active_alarms: number;
};

export type SecurityProfileList = { profiles: SecurityProfile[] };
export type ProfileCheck = { valid: boolean; problems: ProfileProblem[] };

export type MetricKind = "count" | "cidrs" | "ports" | "number" | "numbers" | "strings";

export type CatalogueMetric = {
  name: string;
  side: "device" | "cloud";
  kind: MetricKind;
  unit: string;
  doc: string;
  operators: string[];
  /** Whether a static threshold takes `durationSeconds`. */
  period: "required" | "optional" | "forbidden";
  statistical: boolean;
  dimension: boolean;
  custom: boolean;
};

export type MetricCatalogue = { metrics: CatalogueMetric[]; statistics: string[]; durations: number[] };

export type CustomMetric = { name: string; type: string; display_name: string | null; created_ms: number };
export type CustomMetricList = { metrics: CustomMetric[] };
export type Dimension = { name: string; values: string[] };
export type DimensionList = { dimensions: Dimension[] };

export type SeriesName = { metric: string; dimension: { name: string; operator: string } | null };
export type SeriesList = { series: SeriesName[] };

export type DatapointList = {
  points: Array<{ time_ms: number; value: MetricValue }>;
  truncated: boolean;
  unit: string;
};

export type Band = {
  start_ms: number;
  devices: number;
  min: number;
  p10: number;
  p50: number;
  p90: number;
  p99: number;
  max: number;
};
export type BandList = { step_ms: number; unit: string; bands: Band[] };

export type BehaviorOutcome = {
  behavior: string;
  datapoints: number;
  violating: number;
  alarms: number;
  devices: number;
  /** Nothing was stored that it could look at. */
  without_data: boolean;
};

export type PreviewAlarm = {
  thing: string;
  behavior: string;
  metric: string;
  started_ms: number;
  ended_ms: number | null;
  last_value: MetricValue;
  explanation: string;
};

export type ProfilePreview = {
  from_ms: number;
  to_ms: number;
  devices: number;
  datapoints: number;
  behaviors: BehaviorOutcome[];
  alarms: PreviewAlarm[];
  truncated: boolean;
  by_hour: Array<{ start_ms: number; alarms: number }>;
};

export type Suggestion = {
  /** A behavior in AWS's shape. */
  behavior: Record<string, unknown>;
  because: string;
  devices: number;
  datapoints: number;
};
export type SuggestionList = { suggestions: Suggestion[] };
