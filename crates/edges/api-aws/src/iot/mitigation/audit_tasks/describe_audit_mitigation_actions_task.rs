//! `DescribeAuditMitigationActionsTask`.

use http::Method;
use picket_mitigate::TaskKind;

use super::rendering;
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "DescribeAuditMitigationActionsTask",
    method: Method::GET,
    path: "/audit/mitigationactions/tasks/{taskId}",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let id = call.label("taskId")?;
    let task = call.shared.deps.mitigation.task(TaskKind::Audit, id).await?;
    Ok(Answer::json(rendering::task(&task)))
}
