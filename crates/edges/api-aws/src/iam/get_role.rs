//! `GetRole`.

use http::Method;
use serde::Deserialize;
use serde_json::json;

use super::rendering::role_json;
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "GetRole",
    method: Method::POST,
    path: "/",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    role_name: String,
}

async fn run(call: Call) -> ApiResult {
    let Input { role_name } = call.input()?;
    let role = call.control().role(&role_name).await?;
    let tags = call.control().role_tags(&role_name).await?;
    Ok(Answer::json(json!({ "Role": role_json(&call, &role, &tags) })))
}
