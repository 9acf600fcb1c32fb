// How tasks and their executions stand.
import type { ExecutionStatus } from "../api/response-types";

const STATUS: Record<ExecutionStatus, { text: string; tone: string }> = {
  PENDING: { text: "Waiting", tone: "" },
  IN_PROGRESS: { text: "Running", tone: "warn" },
  SUCCESSFUL: { text: "Done", tone: "good" },
  COMPLETED: { text: "Done", tone: "good" },
  FAILED: { text: "Failed", tone: "bad" },
  SKIPPED: { text: "Skipped", tone: "" },
  CANCELED: { text: "Canceled", tone: "" },
};

export function RunStatus({ status }: { status: ExecutionStatus }) {
  return <span className={`badge ${STATUS[status].tone}`}>{STATUS[status].text}</span>;
}
