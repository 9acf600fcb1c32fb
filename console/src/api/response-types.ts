// What the routes of alarms, mitigation and notifications answer with.
import type { Alarm, MetricValue } from "./types.gen";

export type VerificationState = "UNKNOWN" | "TRUE_POSITIVE" | "BENIGN_POSITIVE" | "FALSE_POSITIVE";

export type Verification = {
  state: VerificationState;
  description: string | null;
  by: string | null;
  at_ms: number | null;
};

export type Datapoint = {
  time_ms: number;
  value: MetricValue;
  /** What it was compared with where that is not a fixed value. */
  threshold: number | null;
  violates: boolean;
  trace: string;
};

export type AlarmView = Alarm & {
  verification: Verification;
  suppressed: boolean;
  criteria: "STATIC" | "STATISTICAL" | "MACHINE_LEARNING";
  /** The behavior in AWS's shape as it was then. */
  definition: Record<string, unknown>;
  datapoints: Datapoint[];
};

export type AlarmViewList = { alarms: AlarmView[]; active: number; truncated: boolean };

export type AlarmEvent = {
  event: "in-alarm" | "alarm-cleared" | "alarm-invalidated";
  time_ms: number;
  value: MetricValue | null;
};

export type AlarmDetail = { alarm: AlarmView; events: AlarmEvent[] };

export type VerificationChange = { id: string; state: VerificationState; description?: string | null };
export type VerificationResults = { results: Array<{ id: string; error: string | null }> };

export type MitigationAction = {
  name: string;
  type: ActionType;
  /** AWS's `actionParams`. */
  params: Record<string, unknown>;
  role_arn: string;
  created_ms: number;
};
export type ActionType =
  | "UPDATE_DEVICE_CERTIFICATE"
  | "UPDATE_CA_CERTIFICATE"
  | "ADD_THINGS_TO_THING_GROUP"
  | "REPLACE_DEFAULT_POLICY_VERSION"
  | "ENABLE_IOT_LOGGING"
  | "PUBLISH_FINDING_TO_SNS";
export type MitigationActionList = { actions: MitigationAction[] };

export type PlannedChange = {
  operation: string;
  resource: string;
  before: string;
  after: string;
  is_done: boolean;
};

export type PlanStep = {
  violation_id: string;
  thing: string;
  action: string;
  type: ActionType;
  changes: PlannedChange[];
  /** Why the step cannot be done. */
  error: string | null;
};
export type MitigationPlan = { steps: PlanStep[] };

export type TaskStatus = "IN_PROGRESS" | "SUCCESSFUL" | "COMPLETED" | "FAILED" | "CANCELED";
export type MitigationTask = {
  id: string;
  kind: "detect" | "audit";
  status: TaskStatus;
  started_ms: number;
  ended_ms: number | null;
  by: string | null;
  note: string | null;
  actions: string[];
  executed: number;
  skipped: number;
  failed: number;
};
export type MitigationTaskList = { tasks: MitigationTask[] };

export type ExecutionStatus =
  | "PENDING"
  | "IN_PROGRESS"
  | "SUCCESSFUL"
  | "COMPLETED"
  | "FAILED"
  | "SKIPPED"
  | "CANCELED";
export type Execution = {
  violation_id?: string | null;
  finding_id?: string | null;
  thing: string | null;
  action: string;
  status: ExecutionStatus;
  started_ms: number | null;
  ended_ms: number | null;
  error_code: string | null;
  message: string | null;
  changes: PlannedChange[];
};
export type MitigationTaskDetail = { task: MitigationTask; executions: Execution[] };

export type Subscription = {
  id: string;
  protocol: string;
  endpoint: string;
  confirmed: boolean;
  delivered: number;
  failed: number;
  waiting: number;
  last_error: string | null;
};
export type Topic = { name: string; arn: string; created_ms: number; subscriptions: Subscription[] };
export type TopicList = { topics: Topic[] };
