//! `CancelAuditMitigationActionsTask`.

use http::Method;
use picket_mitigate::TaskKind;

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "CancelAuditMitigationActionsTask",
    method: Method::PUT,
    path: "/audit/mitigationactions/tasks/{taskId}/cancel",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let id = call.label("taskId")?;
    call.shared.deps.mitigation.cancel_task(TaskKind::Audit, id).await?;
    Ok(Answer::empty())
}
