//! `GetUser`: the caller where no user is named.

use http::Method;
use serde::Deserialize;
use serde_json::json;

use super::users::{user_json, user_meant, user_of};
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "GetUser",
    method: Method::POST,
    path: "/",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    user_name: Option<String>,
}

async fn run(call: Call) -> ApiResult {
    let Input { user_name } = call.input()?;
    let user = user_meant(&call, user_name)?;
    let user = user_of(&call, &user).await?;
    Ok(Answer::json(json!({ "User": user_json(&call, &user) })))
}
