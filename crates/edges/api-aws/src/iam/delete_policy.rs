//! `DeletePolicy`: a managed policy.

use http::Method;
use serde::Deserialize;

use super::users::keys_in_force;
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "DeletePolicy",
    method: Method::POST,
    path: "/",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    policy_arn: String,
}

async fn run(call: Call) -> ApiResult {
    let Input { policy_arn } = call.input()?;
    call.control().delete_managed_policy(&policy_arn).await?;
    keys_in_force(&call).await;
    Ok(Answer::empty())
}
