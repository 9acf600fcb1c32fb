// Made by `npm run api` from the server's OpenAPI document. Do not edit.

/** The shape of every error answer. */
export type Error = {
  error: ErrorDetail;
};

export type ErrorDetail = {
  code: "not_found" | "already_exists" | "invalid" | "conflict" | "unauthenticated" | "forbidden" | "throttled" | "limit_exceeded" | "unavailable" | "timeout" | "internal";
  message: string;
  /** 1-based line of a search's text. */
  line?: number;
  /** 1-based column, in characters. */
  column?: number;
};

export type Role = "viewer" | "analyst" | "admin";

export type LogIn = {
  username: string;
  password: string;
};

export type Session = {
  user: string;
  role: Role;
  /** Goes into the header `x-picket-csrf` of every request that is not a GET. */
  csrf_token: string;
  idle_timeout_seconds: number;
};

/** One stage of the line: its account book since the process started, and its pace over the last ten seconds. */
export type Stage = {
  ledger: Ledger;
  /** Items that are durable in front of the stage and wait; null where it keeps no log. */
  backlog: number | null;
  received_per_second: number;
  delivered_per_second: number;
  dropped_per_second: number;
  /** Seconds of work that wait at the present pace; null where unknown. */
  lag_seconds: number | null;
};

export type Ledger = {
  stage: string;
  received: number;
  delivered: number;
  /** Items refused or given up, by reason. */
  dropped: Record<string, number>;
  in_flight: number;
};

/** Series over the same instants, oldest first. */
export type Trend = {
  times_ms: Array<number>;
  reports_per_second: Array<number>;
  active_alarms: Array<number | null>;
};

export type Overview = {
  /** Milliseconds since 1970, UTC. */
  now_ms: number;
  things: number;
  active_alarms: number;
  reports_per_second: number;
  stages: Array<Stage>;
  trend: Trend;
  newest_alarms: Array<Alarm>;
};

export type Pipeline = {
  /** Milliseconds since 1970, UTC. */
  now_ms: number;
  stages: Array<Stage>;
};

/** A search to open. */
export type SavedSearch = {
  spl: string;
  earliest: string;
  latest: string;
};

/** A datapoint's value; exactly one member is set. */
export type MetricValue = {
  count?: number;
  cidrs?: Array<string>;
  ports?: Array<number>;
  number?: number;
  numbers?: Array<number>;
  strings?: Array<string>;
};

export type AlarmState = "active" | "cleared" | "invalidated";

export type Alarm = {
  id: string;
  state: AlarmState;
  thing: string;
  profile: string;
  behavior: string;
  metric: string;
  /** Milliseconds since 1970, UTC. */
  started_ms: number;
  /** Milliseconds since 1970, UTC. */
  last_violation_ms: number;
  last_value: MetricValue;
  /** Milliseconds since 1970, UTC. */
  ended_ms: number | null;
  explanation: string;
  trace: string | null;
  evidence: SavedSearch;
};

export type AlarmList = {
  alarms: Array<Alarm>;
  /** How many alarms are active under the filter. */
  active: number;
  truncated: boolean;
};

export type ThingRow = {
  name: string;
  type_name: string | null;
  /** Milliseconds since 1970, UTC. */
  created_ms: number;
  active_alarms: number;
};

export type ThingList = {
  things: Array<ThingRow>;
  /** To be given as `after` for the next page; null on the last. */
  next: string | null;
  total: number;
};

export type Attribute = {
  name: string;
  value: string;
};

export type Certificate = {
  id: string;
  status: "ACTIVE" | "INACTIVE" | "REVOKED";
  /** Milliseconds since 1970, UTC. */
  not_after_ms: number;
  /** Milliseconds since 1970, UTC. */
  created_ms: number;
};

export type Thing = {
  name: string;
  /** False for a device that reports without being in the registry. */
  registered: boolean;
  type_name: string | null;
  attributes: Array<Attribute>;
  /** Milliseconds since 1970, UTC. */
  created_ms: number | null;
  groups: Array<string>;
  certificates: Array<Certificate>;
  alarms: Array<Alarm>;
  events: SavedSearch;
};

export type NewThing = {
  name: string;
  group?: string | null;
};

/** The device's files. The private key is given out once. */
export type ThingBundle = {
  thing: string;
  certificate_id: string;
  certificate_pem: string;
  private_key_pem: string;
  ca_pem: string;
};

export type SearchRequest = {
  spl: string;
  earliest?: string | null;
  latest?: string | null;
  rows_max?: number | null;
};

export type SearchResult = {
  fields: Array<string>;
  /** Field to text, or to a list of texts for a multivalue; absent cells are left out. */
  rows: Array<Record<string, string | Array<string>>>;
  is_events: boolean;
  event_count: number;
  scan_count: number;
  messages: Array<string>;
  duration_ms: number;
};

export type MetricAnswer = {
  search: SavedSearch;
  result: SearchResult;
};

export type ThingMetrics = {
  numbers: MetricAnswer;
  lists: MetricAnswer;
};

export type Profile = {
  name: string;
  version: number;
  /** Milliseconds since 1970, UTC. */
  created_ms: number;
  /** Milliseconds since 1970, UTC. */
  modified_ms: number;
  /** The security profile in AWS's shape. */
  document: Record<string, unknown>;
};

export type ProfileList = {
  profiles: Array<Profile>;
};
