//! `DeleteRole`.

use http::Method;
use serde::Deserialize;

use super::users::keys_in_force;
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "DeleteRole",
    method: Method::POST,
    path: "/",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    role_name: String,
}

async fn run(call: Call) -> ApiResult {
    let Input { role_name } = call.input()?;
    call.control().delete_role(&role_name).await?;
    keys_in_force(&call).await;
    Ok(Answer::empty())
}
