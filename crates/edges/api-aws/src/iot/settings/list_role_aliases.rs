//! `ListRoleAliases`: by name, ascending unless the caller says `isAscendingOrder=false`.

use http::Method;
use picket_ports::registry::Page;
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
    let is_descending = call.query("isAscendingOrder").is_some() && !call.is_ascending()?;
    let aliases = call.control().role_aliases().await?;
    let mut names: Vec<String> = aliases.into_iter().map(|alias| alias.name).collect();
    let (names, next) = if is_descending {
        names.retain(|name| page.after.as_ref().is_none_or(|after| name < after));
        names.reverse();
        let rest = Page { after: None, ..page };
        slice(names, &rest, String::as_str)
    } else {
        slice(names, &page, String::as_str)
    };
    Ok(Answer::json(json!({ "roleAliases": names, "nextMarker": call.next(next)? })))
}
