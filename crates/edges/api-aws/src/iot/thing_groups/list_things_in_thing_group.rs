//! `ListThingsInThingGroup`.

use http::Method;
use picket_ports::registry::Rows;
use serde_json::json;

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "ListThingsInThingGroup",
    method: Method::GET,
    path: "/thing-groups/{thingGroupName}/things",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let page = call.page_a(250)?;
    let (group, is_recursive) = (call.label("thingGroupName")?, call.query_flag("recursive")?);
    let listed = call.control().list_things_in_thing_group(group, is_recursive, &page).await?;
    let Rows { rows, next } = listed;
    Ok(Answer::json(json!({ "things": rows, "nextToken": call.next(next)? })))
}
