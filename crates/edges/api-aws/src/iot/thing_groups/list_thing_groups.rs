//! `ListThingGroups`.

use http::Method;
use picket_ports::registry::Rows;
use picket_registry::GroupListing;
use serde_json::{Value, json};

use super::properties::name_and_arn;
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "ListThingGroups",
    method: Method::GET,
    path: "/thing-groups",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let is_recursive = match call.query("recursive") {
        None => None,
        Some(_) => Some(call.query_flag("recursive")?),
    };
    let listing = GroupListing {
        name_prefix: call.query("namePrefixFilter").map(ToOwned::to_owned),
        parent: call.query("parentGroup").map(ToOwned::to_owned),
        is_recursive,
    };
    let page = call.page_a(250)?;
    let Rows { rows, next } = call.control().list_thing_groups(&listing, &page).await?;
    let groups: Vec<Value> = rows.iter().map(|group| name_and_arn(&call, &group.name)).collect();
    Ok(Answer::json(json!({ "thingGroups": groups, "nextToken": call.next(next)? })))
}
