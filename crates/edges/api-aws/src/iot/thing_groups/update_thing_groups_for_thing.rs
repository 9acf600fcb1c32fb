//! `UpdateThingGroupsForThing`.

use http::Method;
use picket_registry::GroupMoves;
use serde::Deserialize;

use crate::answer::Answer;
use crate::call::Call;
use crate::fault::ApiError;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "UpdateThingGroupsForThing",
    method: Method::PUT,
    path: "/thing-groups/updateThingGroupsForThing",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

/// `overrideDynamicGroups` says what becomes of memberships in dynamic groups, of which there are none.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    thing_name: Option<String>,
    #[serde(default)]
    thing_groups_to_add: Option<Vec<String>>,
    #[serde(default)]
    thing_groups_to_remove: Option<Vec<String>>,
    #[serde(rename = "overrideDynamicGroups")]
    _override_dynamic_groups: Option<bool>,
}

async fn run(call: Call) -> ApiResult {
    let input: Input = call.input()?;
    let Some(thing) = &input.thing_name else {
        return Err(ApiError::invalid("the member `thingName` is missing"));
    };
    let moves = GroupMoves {
        add: input.thing_groups_to_add.as_deref().unwrap_or_default(),
        remove: input.thing_groups_to_remove.as_deref().unwrap_or_default(),
    };
    call.control().update_thing_groups_for_thing(thing, moves).await?;
    Ok(Answer::empty())
}
