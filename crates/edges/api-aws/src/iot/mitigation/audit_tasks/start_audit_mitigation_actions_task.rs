//! `StartAuditMitigationActionsTask`. The caller chooses the id.

use std::collections::BTreeMap;

use http::Method;
use picket_mitigate::{AuditRequest, AuditTarget, NewTask, TaskRequest};
use serde::Deserialize;
use serde_json::json;

use crate::answer::Answer;
use crate::call::Call;
use crate::fault::ApiError;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "StartAuditMitigationActionsTask",
    method: Method::POST,
    path: "/audit/mitigationactions/tasks/{taskId}",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    target: TargetInput,
    audit_check_to_actions_mapping: BTreeMap<String, Vec<String>>,
    client_request_token: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct TargetInput {
    audit_task_id: Option<String>,
    finding_ids: Option<Vec<String>>,
    audit_check_to_reason_code_filter: Option<BTreeMap<String, Vec<String>>>,
}

impl TargetInput {
    /// One way of saying which findings. A filter needs an audit to choose from.
    fn read(self) -> ApiResult<AuditTarget> {
        match (self.audit_task_id, self.finding_ids, self.audit_check_to_reason_code_filter) {
            (Some(task_id), None, reason_codes) => Ok(AuditTarget::Audit { task_id, reason_codes }),
            (None, Some(ids), None) => Ok(AuditTarget::Findings(ids)),
            _ => Err(ApiError::invalid(
                "`target` must have either `findingIds`, or `auditTaskId` with or without an \
                 `auditCheckToReasonCodeFilter`",
            )),
        }
    }
}

async fn run(call: Call) -> ApiResult {
    let input: Input = call.input()?;
    let new = NewTask {
        id: call.label("taskId")?.to_owned(),
        token: Some(input.client_request_token),
        by: call.caller.name().to_owned(),
        note: None,
    };
    let actions = input.audit_check_to_actions_mapping;
    let request = TaskRequest::Audit(AuditRequest { target: input.target.read()?, actions });
    let id = new.id.clone();
    call.shared.deps.mitigation.start_task(new, request).await?;
    Ok(Answer::json(json!({ "taskId": id })))
}
