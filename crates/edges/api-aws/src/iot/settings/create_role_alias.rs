//! `CreateRoleAlias`.

use http::Method;
use serde::Deserialize;
use serde_json::json;

use crate::answer::Answer;
use crate::call::Call;
use crate::iot::first_tags::FirstTags;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "CreateRoleAlias",
    method: Method::POST,
    path: "/role-aliases/{roleAlias}",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    role_arn: String,
    credential_duration_seconds: Option<u32>,
    tags: Option<FirstTags>,
}

async fn run(call: Call) -> ApiResult {
    let input: Input = call.input()?;
    let tags = input.tags.unwrap_or_default().pairs();
    let (name, control) = (call.label("roleAlias")?, call.control());
    let seconds = input.credential_duration_seconds;
    control.create_role_alias(name, &input.role_arn, seconds, &tags).await?;
    Ok(Answer::json(json!({ "roleAlias": name, "roleAliasArn": control.role_alias_arn(name) })))
}
