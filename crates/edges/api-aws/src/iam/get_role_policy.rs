//! `GetRolePolicy`.

use http::Method;
use serde::Deserialize;
use serde_json::json;

use super::rendering::encoded;
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "GetRolePolicy",
    method: Method::POST,
    path: "/",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    role_name: String,
    policy_name: String,
}

async fn run(call: Call) -> ApiResult {
    let Input { role_name, policy_name } = call.input()?;
    let document = call.control().role_policy(&role_name, &policy_name).await?;
    Ok(Answer::json(json!({
        "RoleName": role_name,
        "PolicyName": policy_name,
        "PolicyDocument": encoded(&document),
    })))
}
