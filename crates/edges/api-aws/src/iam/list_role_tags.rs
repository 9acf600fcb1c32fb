//! `ListRoleTags`, in key order.

use http::Method;
use serde::Deserialize;

use super::paging::{listed, page};
use super::rendering::tags_json;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};
use crate::paging::slice;

pub(crate) static OPERATION: Operation = Operation {
    name: "ListRoleTags",
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
    let tags = call.control().role_tags(&role_name).await?;
    let (tags, next) = slice(tags, &page, |(key, _)| key.as_str());
    listed(&call, "Tags", tags_json(&tags), next)
}
