//! Detect mitigation tasks in AWS's shape. The flags are called otherwise than in the request.

use picket_mitigate::{DetectTarget, ExecutedStep, Task, TaskKind, TaskRequest};
use picket_wire_aws::timestamp::seconds;
use serde_json::{Value, json};

use crate::iot::mitigation::definitions;

const KIND: TaskKind = TaskKind::Detect;

/// What `DescribeDetectMitigationActionsTask` and `ListDetectMitigationActionsTasks` give.
pub(super) fn summary(task: &Task) -> Value {
    let request = match &task.request {
        TaskRequest::Detect(request) => Some(request),
        TaskRequest::Audit(_) => None,
    };
    let range = request.and_then(|request| request.range);
    json!({
        "taskId": task.id,
        "taskStatus": task.status.as_str(KIND),
        "taskStartTime": seconds(task.started),
        "taskEndTime": task.ended.map(seconds),
        "target": request.map(|request| target_of(&request.target)),
        "violationEventOccurrenceRange": range.map(|(from, to)| {
            json!({ "startTime": seconds(from), "endTime": seconds(to) })
        }),
        "onlyActiveViolationsIncluded": request.map(|request| request.only_active),
        "suppressedAlertsIncluded": request.map(|request| request.includes_suppressed),
        "actionsDefinition": definitions::of(&task.actions),
        "taskStatistics": {
            "actionsExecuted": task.tally.executed,
            "actionsSkipped": task.tally.skipped,
            "actionsFailed": task.tally.failed,
        },
    })
}

/// One of `ListDetectMitigationActionsExecutions`.
pub(super) fn execution(step: &ExecutedStep) -> Value {
    json!({
        "taskId": step.task_id,
        "violationId": step.target_id,
        "actionName": step.action,
        "thingName": step.thing,
        "executionStartDate": step.started.map(seconds),
        "executionEndDate": step.ended.map(seconds),
        "status": step.status.as_str(KIND),
        "errorCode": step.error_code,
        "message": step.message,
    })
}

fn target_of(target: &DetectTarget) -> Value {
    match target {
        DetectTarget::Violations(ids) => json!({ "violationIds": ids }),
        DetectTarget::Profile { profile, behavior } => {
            json!({ "securityProfileName": profile, "behaviorName": behavior })
        }
    }
}
