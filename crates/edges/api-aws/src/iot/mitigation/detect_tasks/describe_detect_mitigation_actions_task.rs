//! `DescribeDetectMitigationActionsTask`.

use http::Method;
use picket_mitigate::TaskKind;
use serde_json::json;

use super::rendering;
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "DescribeDetectMitigationActionsTask",
    method: Method::GET,
    path: "/detect/mitigationactions/tasks/{taskId}",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let id = call.label("taskId")?;
    let task = call.shared.deps.mitigation.task(TaskKind::Detect, id).await?;
    Ok(Answer::json(json!({ "taskSummary": rendering::summary(&task) })))
}
