//! `GetPolicy`: a managed policy.

use http::Method;
use serde::Deserialize;
use serde_json::json;

use super::rendering::policy_json;
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "GetPolicy",
    method: Method::POST,
    path: "/",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    policy_arn: String,
}

async fn run(call: Call) -> ApiResult {
    let Input { policy_arn } = call.input()?;
    let policy = call.control().managed_policy(&policy_arn).await?;
    Ok(Answer::json(json!({ "Policy": policy_json(&policy) })))
}
