//! `ListAuditMitigationActionsExecutions`.

use http::Method;
use picket_mitigate::{ExecutedStep, StepStatus, TaskKind};
use serde_json::{Value, json};

use super::rendering;
use crate::answer::Answer;
use crate::call::{Call, shortened};
use crate::fault::ApiError;
use crate::operation::{Access, ApiResult, Operation};
use crate::paging::slice;

pub(crate) static OPERATION: Operation = Operation {
    name: "ListAuditMitigationActionsExecutions",
    method: Method::GET,
    path: "/audit/mitigationactions/executions",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let (task, finding) = (call.query_needed("taskId")?, call.query_needed("findingId")?);
    let page = call.page_of_detection()?;
    let status = call.query("actionStatus").map(status).transpose()?;
    let found = call.shared.deps.mitigation.audit_executions(task, finding, status).await?;
    // Five at most, in the order in which they are applied.
    let places = found.into_iter().enumerate().map(|(at, it)| (at.to_string(), it)).collect();
    let (rows, next) = slice(places, &page, |(place, _): &(String, ExecutedStep)| place);
    let executions: Vec<Value> = rows.iter().map(|(_, it)| rendering::execution(it)).collect();
    Ok(Answer::json(json!({ "actionsExecutions": executions, "nextToken": call.next(next)? })))
}

fn status(text: &str) -> ApiResult<StepStatus> {
    StepStatus::parse(TaskKind::Audit, text).ok_or_else(|| {
        ApiError::invalid(format!(
            "`actionStatus` is `{}`; it must be one of IN_PROGRESS, COMPLETED, FAILED, CANCELED, \
             SKIPPED, PENDING",
            shortened(text)
        ))
    })
}
