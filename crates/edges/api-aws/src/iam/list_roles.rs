//! `ListRoles`, by name.

use http::Method;
use serde::Deserialize;
use serde_json::Value;

use super::paging::{listed, page};
use super::rendering::role_json;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};
use crate::paging::slice;

pub(crate) static OPERATION: Operation = Operation {
    name: "ListRoles",
    method: Method::POST,
    path: "/",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    path_prefix: Option<String>,
}

async fn run(call: Call) -> ApiResult {
    let Input { path_prefix } = call.input()?;
    let page = page(&call)?;
    let mut roles = call.control().roles().await?;
    roles.retain(|role| role.path.starts_with(path_prefix.as_deref().unwrap_or("/")));
    let (roles, next) = slice(roles, &page, |role| role.name.as_str());
    let roles: Vec<Value> = roles.iter().map(|role| role_json(&call, role, &[])).collect();
    listed(&call, "Roles", roles, next)
}
