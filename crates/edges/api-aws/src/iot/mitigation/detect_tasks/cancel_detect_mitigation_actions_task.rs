//! `CancelDetectMitigationActionsTask`.

use http::Method;
use picket_mitigate::TaskKind;

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "CancelDetectMitigationActionsTask",
    method: Method::PUT,
    path: "/detect/mitigationactions/tasks/{taskId}/cancel",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let id = call.label("taskId")?;
    call.shared.deps.mitigation.cancel_task(TaskKind::Detect, id).await?;
    Ok(Answer::empty())
}
