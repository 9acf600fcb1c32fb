//! `ListRolePolicies`: the inline ones, by name.

use http::Method;
use serde::Deserialize;

use super::paging::{listed, page};
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};
use crate::paging::slice;

pub(crate) static OPERATION: Operation = Operation {
    name: "ListRolePolicies",
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
    let page = page(&call)?;
    let role = call.control().role(&role_name).await?;
    let names: Vec<String> = role.inline_policies.into_keys().collect();
    let (names, next) = slice(names, &page, String::as_str);
    listed(&call, "PolicyNames", names, next)
}
