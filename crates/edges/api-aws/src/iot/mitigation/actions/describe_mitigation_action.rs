//! `DescribeMitigationAction`.

use http::Method;

use super::rendering;
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "DescribeMitigationAction",
    method: Method::GET,
    path: "/mitigationactions/actions/{actionName}",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let action = call.shared.deps.mitigation.action(call.label("actionName")?).await?;
    Ok(Answer::json(rendering::described(&action)))
}
