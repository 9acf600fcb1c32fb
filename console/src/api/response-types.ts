// What the routes of mitigation and notifications answer with.

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
