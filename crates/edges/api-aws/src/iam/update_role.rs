//! `UpdateRole`.

use http::Method;
use serde::Deserialize;

use super::inputs::number;
use super::users::keys_in_force;
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "UpdateRole",
    method: Method::POST,
    path: "/",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    role_name: String,
    description: Option<String>,
    max_session_duration: Option<String>,
}

async fn run(call: Call) -> ApiResult {
    let Input { role_name, description, max_session_duration } = call.input()?;
    let seconds = number("MaxSessionDuration", max_session_duration.as_deref())?;
    call.control().update_role(&role_name, description, seconds).await?;
    keys_in_force(&call).await;
    Ok(Answer::empty())
}
