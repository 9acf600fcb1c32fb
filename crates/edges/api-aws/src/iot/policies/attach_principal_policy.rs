//! `AttachPrincipalPolicy`.

use http::Method;

use super::arguments::PRINCIPAL;
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "AttachPrincipalPolicy",
    method: Method::PUT,
    path: "/principal-policies/{policyName}",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let principal = call.header_needed(PRINCIPAL)?;
    call.control().attach_principal_policy(call.label("policyName")?, principal).await?;
    Ok(Answer::empty())
}
