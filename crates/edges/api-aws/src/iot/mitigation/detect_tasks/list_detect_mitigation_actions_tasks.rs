//! `ListDetectMitigationActionsTasks`.

use http::Method;
use picket_ports::registry::Rows;
use serde_json::{Value, json};

use super::rendering;
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "ListDetectMitigationActionsTasks",
    method: Method::GET,
    path: "/detect/mitigationactions/tasks",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let range = call.query_period()?;
    let page = call.page_of_detection()?;
    let Rows { rows, next } = call.shared.deps.mitigation.detect_tasks(range, &page).await?;
    let tasks: Vec<Value> = rows.iter().map(rendering::summary).collect();
    Ok(Answer::json(json!({ "tasks": tasks, "nextToken": call.next(next)? })))
}
