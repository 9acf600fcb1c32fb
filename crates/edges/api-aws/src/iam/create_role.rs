//! `CreateRole`.

use http::Method;
use picket_registry::NewRole;
use serde::Deserialize;
use serde_json::json;

use super::inputs::{TagInput, number, pairs, refuse_absent};
use super::rendering::role_json;
use super::users::keys_in_force;
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "CreateRole",
    method: Method::POST,
    path: "/",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    role_name: String,
    path: Option<String>,
    assume_role_policy_document: String,
    description: Option<String>,
    max_session_duration: Option<String>,
    tags: Option<Vec<TagInput>>,
}

async fn run(call: Call) -> ApiResult {
    refuse_absent(&call, &["PermissionsBoundary"])?;
    let input: Input = call.input()?;
    let tags = input.tags.unwrap_or_default();
    let new = NewRole {
        name: input.role_name,
        path: input.path,
        trust_policy: input.assume_role_policy_document,
        description: input.description,
        session_seconds_max: number("MaxSessionDuration", input.max_session_duration.as_deref())?,
        tags: pairs(&tags),
    };
    let role = call.control().create_role(new).await?;
    keys_in_force(&call).await;
    Ok(Answer::json(json!({ "Role": role_json(&call, &role, &pairs(&tags)) })))
}
