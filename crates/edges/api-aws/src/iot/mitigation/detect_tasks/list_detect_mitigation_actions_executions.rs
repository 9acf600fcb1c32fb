//! `ListDetectMitigationActionsExecutions`.

use http::Method;
use picket_mitigate::{ExecutionFilter, ExecutionScope};
use picket_ports::registry::Rows;
use serde_json::{Value, json};

use super::rendering;
use crate::answer::Answer;
use crate::call::Call;
use crate::fault::ApiError;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "ListDetectMitigationActionsExecutions",
    method: Method::GET,
    path: "/detect/mitigationactions/executions",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let page = call.page_of_detection()?;
    let filter = ExecutionFilter {
        scope: scope(&call)?,
        violation_id: call.query("violationId").map(str::to_owned),
        thing: call.query("thingName").map(str::to_owned),
    };
    let listed = call.shared.deps.mitigation.detect_executions(&filter, &page);
    let Rows { rows, next } = listed.await?;
    let executions: Vec<Value> = rows.iter().map(rendering::execution).collect();
    Ok(Answer::json(json!({ "actionsExecutions": executions, "nextToken": call.next(next)? })))
}

/// A task or a time, not both.
fn scope(call: &Call) -> ApiResult<ExecutionScope> {
    let has_time = ["startTime", "endTime"].iter().any(|name| call.query(name).is_some());
    match call.query("taskId") {
        Some(id) if !has_time => Ok(ExecutionScope::Task(id.to_owned())),
        None if has_time => {
            let (from, to) = call.query_period()?;
            Ok(ExecutionScope::Range(from, to))
        }
        _ => Err(ApiError::invalid(
            "either `taskId`, or `startTime` and `endTime` must be given, but not both",
        )),
    }
}
