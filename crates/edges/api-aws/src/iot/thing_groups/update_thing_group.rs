//! `UpdateThingGroup`.

use http::Method;
use picket_registry::GroupChange;
use serde::Deserialize;
use serde_json::json;

use super::properties::PropertiesInput;
use crate::answer::Answer;
use crate::call::Call;
use crate::iot::attributes::AttributePayload;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "UpdateThingGroup",
    method: Method::PATCH,
    path: "/thing-groups/{thingGroupName}",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    thing_group_properties: PropertiesInput,
    expected_version: Option<u64>,
}

async fn run(call: Call) -> ApiResult {
    let input: Input = call.input()?;
    let properties = input.thing_group_properties;
    let change = GroupChange {
        description: properties.thing_group_description,
        attributes: properties.attribute_payload.and_then(AttributePayload::change),
        expected_version: input.expected_version,
    };
    let group = call.control().update_thing_group(call.label("thingGroupName")?, &change).await?;
    Ok(Answer::json(json!({ "version": group.version })))
}
