// What the routes of stored datapoints answer with.
import type { MetricValue } from "./types.gen";

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
