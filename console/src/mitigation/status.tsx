// How tasks and their executions stand.
import type { MitigationExecution } from "../api/types.gen";

const STATUS: Record<MitigationExecution["status"], { text: string; tone: string }> = {
  PENDING: { text: "Waiting", tone: "" },
  IN_PROGRESS: { text: "Running", tone: "warn" },
  SUCCESSFUL: { text: "Done", tone: "good" },
  COMPLETED: { text: "Done", tone: "good" },
  FAILED: { text: "Failed", tone: "bad" },
  SKIPPED: { text: "Skipped", tone: "" },
  CANCELED: { text: "Canceled", tone: "" },
};

export function RunStatus({ status }: { status: MitigationExecution["status"] }) {
  return <span className={`badge ${STATUS[status].tone}`}>{STATUS[status].text}</span>;
}
