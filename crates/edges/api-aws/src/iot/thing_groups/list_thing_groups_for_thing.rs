//! `ListThingGroupsForThing`.

use http::Method;
use picket_ports::registry::Rows;
use serde_json::{Value, json};

use super::properties::name_and_arn;
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "ListThingGroupsForThing",
    method: Method::GET,
    path: "/things/{thingName}/thing-groups",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let page = call.page_a(250)?;
    let thing = call.label("thingName")?;
    let Rows { rows, next } = call.control().list_thing_groups_for_thing(thing, &page).await?;
    let groups: Vec<Value> = rows.iter().map(|name| name_and_arn(&call, name)).collect();
    Ok(Answer::json(json!({ "thingGroups": groups, "nextToken": call.next(next)? })))
}
