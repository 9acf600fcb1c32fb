//! Audit mitigation tasks in AWS's shape.

use picket_mitigate::{
    AuditRequest, AuditTarget, CheckTally, ExecutedStep, Task, TaskKind, TaskRequest,
};
use picket_wire_aws::timestamp::seconds;
use serde_json::{Map, Value, json};

use crate::iot::mitigation::definitions;

const KIND: TaskKind = TaskKind::Audit;

/// What `DescribeAuditMitigationActionsTask` gives.
pub(super) fn task(task: &Task) -> Value {
    let (target, mapping) = match &task.request {
        TaskRequest::Audit(AuditRequest { target, actions }) => (target_of(target), json!(actions)),
        TaskRequest::Detect(_) => (Value::Null, Value::Null),
    };
    let statistics: Map<String, Value> =
        task.tally.checks.iter().map(|(check, tally)| (check.clone(), counts(*tally))).collect();
    json!({
        "taskStatus": task.status.as_str(KIND),
        "startTime": seconds(task.started),
        "endTime": task.ended.map(seconds),
        "taskStatistics": statistics,
        "target": target,
        "auditCheckToActionsMapping": mapping,
        "actionsDefinition": definitions::of(&task.actions),
    })
}

/// One of `ListAuditMitigationActionsTasks`.
pub(super) fn listed(task: &Task) -> Value {
    json!({
        "taskId": task.id,
        "startTime": seconds(task.started),
        "taskStatus": task.status.as_str(KIND),
    })
}

/// One of `ListAuditMitigationActionsExecutions`.
pub(super) fn execution(step: &ExecutedStep) -> Value {
    json!({
        "taskId": step.task_id,
        "findingId": step.target_id,
        "actionName": step.action,
        "actionId": step.action_id,
        "status": step.status.as_str(KIND),
        "startTime": step.started.map(seconds),
        "endTime": step.ended.map(seconds),
        "errorCode": step.error_code,
        "message": step.message,
    })
}

fn target_of(target: &AuditTarget) -> Value {
    match target {
        AuditTarget::Findings(ids) => json!({ "findingIds": ids }),
        AuditTarget::Audit { task_id, reason_codes } => {
            json!({ "auditTaskId": task_id, "auditCheckToReasonCodeFilter": reason_codes })
        }
    }
}

fn counts(tally: CheckTally) -> Value {
    let CheckTally { total, failed, succeeded, skipped, canceled } = tally;
    json!({
        "totalFindingsCount": total,
        "failedFindingsCount": failed,
        "succeededFindingsCount": succeeded,
        "skippedFindingsCount": skipped,
        "canceledFindingsCount": canceled,
    })
}
