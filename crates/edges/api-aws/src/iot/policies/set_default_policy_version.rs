//! `SetDefaultPolicyVersion`.

use http::Method;

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "SetDefaultPolicyVersion",
    method: Method::PATCH,
    path: "/policies/{policyName}/version/{policyVersionId}",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let (name, id) = (call.label("policyName")?, call.label("policyVersionId")?);
    call.control().set_default_policy_version(name, id).await?;
    Ok(Answer::empty())
}
