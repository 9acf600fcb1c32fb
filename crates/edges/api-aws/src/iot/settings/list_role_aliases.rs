//! `ListRoleAliases`.

use http::Method;
use picket_ports::registry::DocumentKind;
use serde_json::json;

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};
use crate::paging::slice;

pub(crate) static OPERATION: Operation = Operation {
    name: "ListRoleAliases",
    method: Method::GET,
    path: "/role-aliases",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let page = call.page_b()?;
    let all = call.control().registry().documents(DocumentKind::RoleAlias).await?;
    let names: Vec<String> = all.into_iter().map(|document| document.name).collect();
    let (names, next) = slice(names, &page, String::as_str);
    Ok(Answer::json(json!({ "roleAliases": names, "nextMarker": call.next(next)? })))
}
