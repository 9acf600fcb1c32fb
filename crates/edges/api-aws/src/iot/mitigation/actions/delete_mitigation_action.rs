//! `DeleteMitigationAction`.

use http::Method;

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "DeleteMitigationAction",
    method: Method::DELETE,
    path: "/mitigationactions/actions/{actionName}",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    call.shared.deps.mitigation.delete_action(call.label("actionName")?).await?;
    Ok(Answer::empty())
}
