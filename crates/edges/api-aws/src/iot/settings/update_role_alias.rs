//! `UpdateRoleAlias`.

use http::Method;
use picket_registry::RoleAliasChange;
use serde::Deserialize;
use serde_json::json;

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "UpdateRoleAlias",
    method: Method::PUT,
    path: "/role-aliases/{roleAlias}",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    role_arn: Option<String>,
    credential_duration_seconds: Option<u32>,
}

async fn run(call: Call) -> ApiResult {
    let Input { role_arn, credential_duration_seconds } = call.input()?;
    let change = RoleAliasChange { role_arn, credential_seconds: credential_duration_seconds };
    let (name, control) = (call.label("roleAlias")?, call.control());
    control.update_role_alias(name, change).await?;
    Ok(Answer::json(json!({ "roleAlias": name, "roleAliasArn": control.role_alias_arn(name) })))
}
