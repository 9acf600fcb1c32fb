//! `AttachPolicy`.

use http::Method;

use super::arguments::TargetInput;
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "AttachPolicy",
    method: Method::PUT,
    path: "/target-policies/{policyName}",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let input: TargetInput = call.input()?;
    call.control().attach_policy(call.label("policyName")?, &input.target).await?;
    Ok(Answer::empty())
}
