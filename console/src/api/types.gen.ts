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

export type VerificationState = "UNKNOWN" | "TRUE_POSITIVE" | "BENIGN_POSITIVE" | "FALSE_POSITIVE";

export type Verification = {
  state: VerificationState;
  description: string | null;
  by: string | null;
  /** Milliseconds since 1970, UTC. */
  at_ms: number | null;
};

export type AlarmDatapoint = {
  /** Milliseconds since 1970, UTC. */
  time_ms: number;
  value: MetricValue;
  /** The percentile it was compared with, if it was. */
  threshold: number | null;
  violates: boolean;
  trace: string;
};

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
  verification: Verification;
  /** Whether its notifications are muted. */
  suppressed: boolean;
  criteria: "STATIC" | "STATISTICAL" | "MACHINE_LEARNING";
  /** The behavior in AWS's shape; null where it is not known any more. */
  definition: unknown;
  /** Those that raised the alarm, oldest first, and the newest. */
  datapoints: Array<AlarmDatapoint>;
};

export type AlarmList = {
  alarms: Array<Alarm>;
  /** How many alarms are active under the filter. */
  active: number;
  truncated: boolean;
};

export type AlarmEvent = {
  event: "in-alarm" | "alarm-cleared" | "alarm-invalidated";
  /** Milliseconds since 1970, UTC. */
  time_ms: number;
  value: MetricValue | null;
};

export type AlarmDetail = {
  alarm: Alarm;
  /** Oldest first. */
  events: Array<AlarmEvent>;
  /** What was done about it, newest first. */
  mitigations: Array<AlarmMitigation>;
};

export type NewVerification = {
  state: VerificationState;
  /** A note, 1000 characters at most. */
  description?: string | null;
};

export type AlarmVerification = {
  id: string;
  state: VerificationState;
  /** A note, 1000 characters at most. */
  description?: string | null;
};

export type NewVerifications = {
  /** 1 to 100. */
  verifications: Array<AlarmVerification>;
};

export type VerificationOutcome = {
  id: string;
  /** Why it was not taken; null if it was. */
  error: string | null;
};

export type VerificationOutcomes = {
  results: Array<VerificationOutcome>;
};

export type ThingRow = {
  name: string;
  type_name: string | null;
  /** Milliseconds since 1970, UTC. */
  created_ms: number;
  active_alarms: number;
  /** Whether a client of its name is connected. */
  is_connected: boolean;
};

export type ThingList = {
  things: Array<ThingRow>;
  /** What to give as `after` for the next page; null on the last. */
  next: string | null;
  total: number;
};

export type Attribute = {
  name: string;
  value: string;
};

export type Certificate = {
  id: string;
  status: "ACTIVE" | "INACTIVE" | "REVOKED" | "PENDING_ACTIVATION";
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
  id: string | null;
  billing_group: string | null;
  version: number | null;
  policies: Array<ThingPolicy>;
  /** Clients that stand for it: connected, or with a session that waits. */
  connections: Array<Connection>;
};

export type NewThing = {
  name: string;
  group?: string | null;
  /** A thing type; none when absent. */
  type_name?: string | null;
  /** Those with an empty value are left out. */
  attributes?: Record<string, string>;
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
  /** What a security profile says, in AWS's shape. */
  document: Record<string, unknown>;
  /** ARNs of whom it watches. */
  targets: Array<string>;
  /** Why it is not in force; empty where it is. */
  problems: Array<ProfileProblem>;
  active_alarms: number;
};

export type ProfileList = {
  profiles: Array<Profile>;
};

/** What is left out stays as it is. */
export type ThingChange = {
  /** null takes the type away. */
  type_name?: string | null;
  /** All of them: those not named go. */
  attributes?: Record<string, string>;
};

export type ThingType = {
  name: string;
  description: string | null;
  searchable_attributes: Array<string>;
  is_deprecated: boolean;
  /** Milliseconds since 1970, UTC. */
  created_ms: number;
};

export type ThingTypeList = {
  types: Array<ThingType>;
};

export type NewThingType = {
  name: string;
  description?: string;
  searchable_attributes?: Array<string>;
};

export type Deprecation = {
  /** Whether it is taken back. */
  undo: boolean;
};

export type GroupRow = {
  name: string;
  parent: string | null;
  description: string | null;
  /** Milliseconds since 1970, UTC. */
  created_ms: number;
  /** Whether other groups lie in it. */
  has_children: boolean;
};

export type GroupList = {
  groups: Array<GroupRow>;
  /** What to give as `after` for the next page; null on the last. */
  next: string | null;
};

export type NewGroup = {
  name: string;
  parent?: string;
  description?: string;
};

export type Group = {
  name: string;
  /** The groups it lies in, the root first, itself last. */
  line: Array<string>;
  description: string | null;
  attributes: Array<Attribute>;
  version: number;
  /** Milliseconds since 1970, UTC. */
  created_ms: number;
  children: Array<GroupRow>;
  policies: Array<string>;
  /** Direct members, the first 500. */
  things: Array<string>;
  has_more_things: boolean;
};

export type CertificateRow = {
  id: string;
  status: "ACTIVE" | "INACTIVE" | "REVOKED" | "PENDING_ACTIVATION";
  /** The registered CA that signed it; null for our own. */
  ca: string | null;
  /** Milliseconds since 1970, UTC. */
  not_after_ms: number;
  /** Milliseconds since 1970, UTC. */
  created_ms: number;
};

export type CertificateList = {
  certificates: Array<CertificateRow>;
  /** What to give as `after` for the next page; null on the last. */
  next: string | null;
  total: number;
};

export type CertificateThing = {
  name: string;
  is_exclusive: boolean;
};

export type CertificateDetail = {
  id: string;
  status: "ACTIVE" | "INACTIVE" | "REVOKED" | "PENDING_ACTIVATION";
  ca: string | null;
  pem: string;
  subject: string;
  issuer: string;
  serial_number: string;
  /** Milliseconds since 1970, UTC. */
  not_before_ms: number;
  /** Milliseconds since 1970, UTC. */
  not_after_ms: number;
  /** Milliseconds since 1970, UTC. */
  created_ms: number;
  /** Milliseconds since 1970, UTC. */
  modified_ms: number;
  things: Array<CertificateThing>;
  policies: Array<string>;
  /** Clients that are connected with it now, the first of them. */
  connected: Array<string>;
};

export type NewCertificate = {
  /** A thing to attach it to. */
  thing?: string;
  /** Policies to attach. */
  policies?: Array<string>;
  is_active: boolean;
};

/** The private key is in this answer and nowhere else. */
export type CertificateBundle = {
  certificate_id: string;
  certificate_pem: string;
  /** In this answer and nowhere else; null where the device has kept it to itself. */
  private_key_pem: string | null;
  ca_pem: string;
};

export type CertificateChange = {
  status: "ACTIVE" | "INACTIVE" | "REVOKED";
};

export type PolicyRow = {
  name: string;
  default_version: number;
  versions: number;
  /** Milliseconds since 1970, UTC. */
  created_ms: number;
  /** Milliseconds since 1970, UTC. */
  modified_ms: number;
};

export type PolicyList = {
  policies: Array<PolicyRow>;
  /** What to give as `after` for the next page; null on the last. */
  next: string | null;
};

export type PolicyVersion = {
  id: number;
  is_default: boolean;
  /** Milliseconds since 1970, UTC. */
  created_ms: number;
  /** JSON text, as given. */
  document: string;
};

export type PolicyTarget = {
  kind: "certificate" | "group" | "identity";
  name: string;
};

export type Policy = {
  name: string;
  /** Newest first. */
  versions: Array<PolicyVersion>;
  /** The first 500. */
  targets: Array<PolicyTarget>;
  has_more_targets: boolean;
  /** Milliseconds since 1970, UTC. */
  created_ms: number;
  /** Milliseconds since 1970, UTC. */
  modified_ms: number;
};

export type NewPolicy = {
  name: string;
  document: string;
};

export type NewPolicyVersion = {
  document: string;
  make_default: boolean;
};

export type DefaultVersion = {
  version: number;
};

export type PolicyText = {
  document: string;
};

export type PolicyProblem = {
  /** The place, for example `Statement[1].Effect`. */
  at: string;
  message: string;
  /** 1-based line of the text, where it is known. */
  line: number | null;
  /** 1-based column, in characters. */
  column: number | null;
};

export type PolicyCheck = {
  /** null when the document is in order. */
  problem: PolicyProblem | null;
};

/** Whether a connection could do something, and which statement decides. */
export type ExplainRequest = {
  /** A certificate's id; its policies and those of the groups of its thing count. */
  certificate?: string;
  client_id?: string;
  action: "iot:Connect" | "iot:Publish" | "iot:RetainPublish" | "iot:Subscribe" | "iot:Receive";
  /** The client id, topic or topic filter. */
  resource: string;
  /** Documents that count besides, as one may be about to be written. */
  documents?: Array<string>;
  /** A thing, for whose certificate the same holds; it is the client id where none is given. */
  thing?: string | null;
  /** A policy in whose place the documents stand; as stored, it does not count. */
  replaces?: string | null;
};

export type ExplainedStatement = {
  policy: string;
  /** Its place in the policy, from 0. */
  index: number;
  sid: string | null;
  effect: "Allow" | "Deny";
  matches: boolean;
  /** Why it applies, or why not. */
  reason: string;
  /** The statement as it stands in the document. */
  text: string;
};

export type Explanation = {
  decision: "allowed" | "explicit_deny" | "implicit_deny";
  /** What was decided and why, in one sentence. */
  sentence: string;
  /** The place in `statements` of the one that decides. */
  deciding: number | null;
  statements: Array<ExplainedStatement>;
};

export type Connection = {
  client_id: string;
  is_connected: boolean;
  thing: string | null;
  /** A certificate's id, or a user. */
  principal: string;
  /** Address and port of the client. */
  source: string | null;
  /** Milliseconds since 1970, UTC. */
  since_ms: number;
  keep_alive_seconds: number;
  session_expiry_seconds: number;
  clean_session: boolean;
  disconnect_reason: string | null;
  protocol: "MQTT 3.1.1" | "MQTT 5";
  subscriptions: number;
  /** Messages that wait for it, those on their way included. */
  waiting: number;
  /** When its session ends if it stays away. */
  session_ends_ms: number | null;
};

export type ConnectionList = {
  connections: Array<Connection>;
  /** What to give as `after` for the next page; null on the last. */
  next: string | null;
  /** Sessions, connected or kept. */
  total: number;
};

export type Subscription = {
  topic_filter: string;
  qos: number;
};

export type ConnectionDetail = {
  connection: Connection;
  subscriptions: Array<Subscription>;
};

export type ConnectionEvent = {
  /** Milliseconds since 1970, UTC. */
  at_ms: number;
  kind: "connected" | "disconnected" | "refused";
  client_id: string | null;
  thing: string | null;
  principal: string | null;
  source: string;
  listener: string;
  /** For example `MQTT 5`. */
  protocol: string | null;
  /** For example `TLS 1.3`. */
  tls: string | null;
  /** AWS's word for why it ended or was refused. */
  reason: string | null;
  detail: string | null;
  /** Counts events since the server's start. */
  number: number;
};

export type ConnectionLog = {
  /** Newest first. */
  events: Array<ConnectionEvent>;
  /** What to give as `before` for older ones. */
  next: number | null;
};

export type Change = {
  /** Milliseconds since 1970, UTC. */
  at_ms: number;
  actor: string;
  source: string;
  service: string;
  operation: string;
  resource: string;
  request_id: string;
  error: string | null;
};

export type ChangeList = {
  /** Newest first. */
  changes: Array<Change>;
  /** What to give as `after` for the next page; null on the last. */
  next: string | null;
};

export type MqttPublish = {
  topic: string;
  /** Text, sent as UTF-8. */
  payload: string;
  qos: number;
  retain?: boolean;
};

/** The data of an event `message` of the stream. */
export type MqttMessage = {
  topic: string;
  /** null when it is not text. */
  payload_text: string | null;
  payload_base64: string;
  qos: number;
  retain: boolean;
  /** Who sent it; null for parts of the server. */
  client_id: string | null;
  /** Milliseconds since 1970, UTC. */
  at_ms: number;
  /** Messages that were left out before this one, since the reader was too slow. */
  dropped: number;
};

export type UserView = {
  name: string;
  role: Role;
  created_ms: number;
  modified_ms: number;
};

export type UserList = {
  users: Array<UserView>;
};

export type NewUser = {
  name: string;
  password: string;
  role: Role;
};

export type UserChange = {
  role?: Role;
  password?: string;
};

export type ProfileProblem = {
  /** Where, for example `behaviors[0].criteria.value`; empty for the document as a whole. */
  path: string;
  problem: string;
};

export type NewProfile = {
  name: string;
  /** What a security profile says, in AWS's shape. */
  document: Record<string, unknown>;
};

export type ProfileReplacement = {
  /** What a security profile says, in AWS's shape. */
  document: Record<string, unknown>;
  /** Refuse if the profile is at another version. */
  expected_version?: number | null;
};

export type ProfileDraft = {
  name?: string | null;
  /** What a security profile says, in AWS's shape. */
  document: unknown;
};

export type ProfileCheck = {
  valid: boolean;
  problems: Array<ProfileProblem>;
};

export type CatalogueMetric = {
  name: string;
  side: "device" | "cloud";
  kind: "count" | "cidrs" | "ports" | "number" | "numbers" | "strings";
  unit: string;
  doc: string;
  operators: Array<string>;
  /** Whether a static threshold takes `durationSeconds`. */
  period: "required" | "optional" | "forbidden";
  statistical: boolean;
  dimension: boolean;
  custom: boolean;
};

export type MetricCatalogue = {
  metrics: Array<CatalogueMetric>;
  statistics: Array<string>;
  durations: Array<number>;
};

export type CustomMetric = {
  name: string;
  type: string;
  display_name: string | null;
  /** Milliseconds since 1970, UTC. */
  created_ms: number;
};

export type CustomMetricList = {
  metrics: Array<CustomMetric>;
};

export type NewCustomMetric = {
  name: string;
  type: "number" | "number-list" | "string-list" | "ip-address-list";
  display_name?: string | null;
};

export type Dimension = {
  name: string;
  /** Topic filters, 1 to 100; `+`, `#` and `${iot:ClientId}` may be in them. */
  values: Array<string>;
};

export type DimensionList = {
  dimensions: Array<Dimension>;
};

export type CustomMetricName = {
  display_name: string | null;
};

export type DimensionValues = {
  values: Array<string>;
};

export type SeriesDimension = {
  name: string;
  operator: "IN" | "NOT_IN";
};

export type Series = {
  metric: string;
  dimension: SeriesDimension | null;
};

export type SeriesList = {
  series: Array<Series>;
};

export type Datapoint = {
  /** Milliseconds since 1970, UTC. */
  time_ms: number;
  value: MetricValue;
};

export type DatapointList = {
  points: Array<Datapoint>;
  /** Whether older ones were left out. */
  truncated: boolean;
  /** Empty for lists and custom metrics. */
  unit: string;
};

export type Band = {
  /** Milliseconds since 1970, UTC. */
  start_ms: number;
  devices: number;
  min: number;
  p10: number;
  p50: number;
  p90: number;
  p99: number;
  max: number;
};

export type BandList = {
  step_ms: number;
  unit: string;
  /** Steps without a value are left out. */
  bands: Array<Band>;
};

export type ProfilePreviewRequest = {
  name?: string;
  /** The profile in AWS's shape. Its `targets` say whom it watches; all devices where it has none. */
  document: unknown;
  /** How far back, such as 24h or 7d. */
  last: string;
};

export type BehaviorOutcome = {
  behavior: string;
  datapoints: number;
  violating: number;
  alarms: number;
  /** Devices that had an alarm. */
  devices: number;
  /** Whether nothing was stored that it could look at. */
  without_data: boolean;
};

export type PreviewAlarm = {
  thing: string;
  behavior: string;
  metric: string;
  /** Milliseconds since 1970, UTC. */
  started_ms: number;
  /** Milliseconds since 1970, UTC. */
  ended_ms: number | null;
  last_value: MetricValue;
  explanation: string;
  datapoints: Array<AlarmDatapoint>;
};

export type AlarmHour = {
  /** Milliseconds since 1970, UTC. */
  start_ms: number;
  alarms: number;
};

export type ProfilePreview = {
  /** Later than asked for where less is stored. */
  from_ms: number;
  /** Milliseconds since 1970, UTC. */
  to_ms: number;
  /** Devices that it would have watched and that had datapoints. */
  devices: number;
  datapoints: number;
  behaviors: Array<BehaviorOutcome>;
  /** The oldest first, 500 at most. */
  alarms: Array<PreviewAlarm>;
  truncated: boolean;
  /** Hours without alarms are left out. */
  by_hour: Array<AlarmHour>;
};

export type SuggestionRequest = {
  /** Only members of this thing group. */
  group?: string;
  /** Only these; all that are stored where absent or empty. */
  metrics?: Array<string>;
  /** How far back, such as 24h or 7d. */
  last: string;
};

export type Suggestion = {
  /** In AWS's shape. */
  behavior: unknown;
  because: string;
  devices: number;
  datapoints: number;
};

export type SuggestionList = {
  suggestions: Array<Suggestion>;
};

export type NotificationTopicList = {
  topics: Array<NotificationTopic>;
};

export type NotificationTopic = {
  name: string;
  arn: string;
  /** Milliseconds since 1970, UTC. */
  created_ms: number;
  subscriptions: Array<NotificationSubscription>;
};

export type NotificationSubscription = {
  id: string;
  protocol: string;
  endpoint: string;
  confirmed: boolean;
  delivered: number;
  failed: number;
  waiting: number;
  last_error: string | null;
};

export type NewNotificationTopic = {
  name: string;
};

export type NewSubscriptionRequest = {
  protocol: "http" | "https" | "webhook" | "email" | "email-json" | "mqtt" | "firehose";
  endpoint: string;
};

/** A webhook's secret is shown this once. */
export type NewSubscription = {
  subscription: NotificationSubscription;
  secret: string | null;
};

export type SentNotification = {
  message_id: string;
};

export type UndeliveredList = {
  messages: Array<Undelivered>;
};

export type Undelivered = {
  message_id: string;
  /** Milliseconds since 1970, UTC. */
  time_ms: number;
  attempts: number;
  error: string;
  message: string;
};

export type MitigationActionType = "UPDATE_DEVICE_CERTIFICATE" | "UPDATE_CA_CERTIFICATE" | "ADD_THINGS_TO_THING_GROUP" | "REPLACE_DEFAULT_POLICY_VERSION" | "ENABLE_IOT_LOGGING" | "PUBLISH_FINDING_TO_SNS";

export type MitigationAction = {
  name: string;
  type: MitigationActionType;
  /** AWS's `actionParams`: exactly one member, which says what type of action it is. */
  params: Record<string, unknown>;
  role_arn: string;
  /** Milliseconds since 1970, UTC. */
  created_ms: number;
};

export type MitigationActionList = {
  actions: Array<MitigationAction>;
};

export type NewMitigationAction = {
  name: string;
  role_arn?: string | null;
  /** AWS's `actionParams`: exactly one member, which says what type of action it is. */
  params: Record<string, unknown>;
};

/** What is absent stays. */
export type MitigationActionChange = {
  role_arn?: string | null;
  params?: Record<string, unknown> | null;
};

export type MitigationChange = {
  /** AWS's operation. */
  operation: string;
  resource: string;
  before: string;
  after: string;
  /** Whether it stood so already. */
  is_done: boolean;
};

/** 1 to 25 alarms, 1 to 5 actions. */
export type MitigationPlanRequest = {
  violation_ids: Array<string>;
  actions: Array<string>;
};

export type MitigationPlanStep = {
  violation_id: string;
  thing: string;
  action: string;
  type: MitigationActionType;
  changes: Array<MitigationChange>;
  /** Why the step would be skipped or fail. */
  error: string | null;
};

export type MitigationPlan = {
  steps: Array<MitigationPlanStep>;
};

/** 1 to 25 alarms, 1 to 5 actions in the order in which they are applied. */
export type NewMitigationTask = {
  violation_ids: Array<string>;
  actions: Array<string>;
  note?: string | null;
};

export type StartedMitigationTask = {
  task_id: string;
};

export type MitigationTask = {
  id: string;
  kind: "detect" | "audit";
  status: "IN_PROGRESS" | "SUCCESSFUL" | "COMPLETED" | "FAILED" | "CANCELED";
  /** Milliseconds since 1970, UTC. */
  started_ms: number;
  ended_ms: number | null;
  by: string;
  note: string | null;
  actions: Array<string>;
  executed: number;
  skipped: number;
  failed: number;
};

export type MitigationTaskList = {
  tasks: Array<MitigationTask>;
};

export type MitigationExecution = {
  violation_id: string | null;
  finding_id: string | null;
  thing: string | null;
  action: string;
  status: "PENDING" | "IN_PROGRESS" | "SUCCESSFUL" | "COMPLETED" | "FAILED" | "SKIPPED" | "CANCELED";
  started_ms: number | null;
  ended_ms: number | null;
  error_code: string | null;
  message: string | null;
  changes: Array<MitigationChange>;
};

export type MitigationTaskDetail = {
  task: MitigationTask;
  executions: Array<MitigationExecution>;
  /** Whether there are more executions than are shown. */
  truncated: boolean;
};

export type Endpoint = {
  host: string;
  /** MQTT over mutual TLS; null where it is off. */
  mqtt_port: number | null;
  /** The listener that tells protocols apart by ALPN; null where it is off. */
  alpn_port: number | null;
};

export type NewCertificateRequest = {
  /** PKCS #10, PEM. */
  csr_pem: string;
  thing?: string | null;
  policies?: Array<string>;
  is_active: boolean;
};

export type RegistrationCode = {
  code: string;
};

export type AuthorityStatus = "ACTIVE" | "INACTIVE";

export type Authority = {
  id: string;
  status: AuthorityStatus;
  /** Whether certificates it has signed register themselves when they connect. */
  auto_registration: boolean;
  mode: "DEFAULT" | "SNI_ONLY";
  subject: string;
  /** Whether what registers itself is provisioned by a template. */
  has_template: boolean;
  not_before_ms: number;
  not_after_ms: number;
  created_ms: number;
  modified_ms: number;
};

export type AuthorityList = {
  authorities: Array<Authority>;
  next: string | null;
};

export type AuthorityDetail = {
  authority: Authority;
  pem: string;
  /** The provisioning template, JSON. */
  template: string | null;
  /** The newest of those it has signed. */
  certificates: Array<CertificateRow>;
  has_more_certificates: boolean;
};

export type NewAuthority = {
  certificate_pem: string;
  /** A certificate it has signed for the registration code. Without one, devices have to name the server (SNI). */
  verification_pem?: string | null;
  is_active: boolean;
  auto_registration: boolean;
  template?: string | null;
};

export type RegisteredAuthority = {
  id: string;
};

/** What is left out stays as it is. */
export type AuthorityChange = {
  status?: AuthorityStatus;
  auto_registration?: boolean;
  /** Empty takes the template away. */
  template?: string;
};

export type ThingPolicy = {
  name: string;
  /** What it is attached to. */
  via: "certificate" | "group" | "identity";
  via_name: string;
};

export type AlarmMitigation = {
  task_id: string;
  action: string;
  status: "PENDING" | "IN_PROGRESS" | "SUCCESSFUL" | "COMPLETED" | "FAILED" | "SKIPPED" | "CANCELED";
  started_ms: number | null;
  message: string | null;
};
