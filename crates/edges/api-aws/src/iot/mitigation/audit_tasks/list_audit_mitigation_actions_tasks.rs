//! `ListAuditMitigationActionsTasks`.

use http::Method;
use picket_mitigate::{AuditTaskFilter, TaskKind, TaskStatus};
use picket_ports::registry::Rows;
use serde_json::{Value, json};

use super::rendering;
use crate::answer::Answer;
use crate::call::{Call, shortened};
use crate::fault::ApiError;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "ListAuditMitigationActionsTasks",
    method: Method::GET,
    path: "/audit/mitigationactions/tasks",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let range = call.query_period()?;
    let page = call.page_of_detection()?;
    let filter = AuditTaskFilter {
        audit_task_id: call.query("auditTaskId").map(str::to_owned),
        finding_id: call.query("findingId").map(str::to_owned),
        status: call.query("taskStatus").map(status).transpose()?,
    };
    let listed = call.shared.deps.mitigation.audit_tasks(range, &filter, &page);
    let Rows { rows, next } = listed.await?;
    let tasks: Vec<Value> = rows.iter().map(rendering::listed).collect();
    Ok(Answer::json(json!({ "tasks": tasks, "nextToken": call.next(next)? })))
}

fn status(text: &str) -> ApiResult<TaskStatus> {
    TaskStatus::parse(TaskKind::Audit, text).ok_or_else(|| {
        ApiError::invalid(format!(
            "`taskStatus` is `{}`; it must be one of IN_PROGRESS, COMPLETED, FAILED, CANCELED",
            shortened(text)
        ))
    })
}
