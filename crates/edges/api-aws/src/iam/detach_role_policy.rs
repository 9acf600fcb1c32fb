//! `DetachRolePolicy`.

use http::Method;
use serde::Deserialize;

use super::users::keys_in_force;
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "DetachRolePolicy",
    method: Method::POST,
    path: "/",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    role_name: String,
    policy_arn: String,
}

async fn run(call: Call) -> ApiResult {
    let Input { role_name, policy_arn } = call.input()?;
    call.control().detach_role_policy(&role_name, &policy_arn).await?;
    keys_in_force(&call).await;
    Ok(Answer::empty())
}
