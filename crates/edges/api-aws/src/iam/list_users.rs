//! `ListUsers`, by name.

use http::Method;
use picket_ports::registry::DocumentKind;
use serde_json::Value;

use super::paging::{listed, page};
use super::users::user_json;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};
use crate::paging::slice;

pub(crate) static OPERATION: Operation = Operation {
    name: "ListUsers",
    method: Method::POST,
    path: "/",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let page = page(&call)?;
    let users = call.control().registry().documents(DocumentKind::User).await?;
    let (users, next) = slice(users, &page, |user| user.name.as_str());
    let users: Vec<Value> = users.iter().map(|user| user_json(&call, user)).collect();
    listed(&call, "Users", users, next)
}
