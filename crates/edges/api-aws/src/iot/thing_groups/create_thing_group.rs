//! `CreateThingGroup`.

use http::Method;
use picket_registry::NewGroup;
use serde::Deserialize;
use serde_json::json;

use super::properties::PropertiesInput;
use crate::answer::Answer;
use crate::call::Call;
use crate::iot::first_tags::FirstTags;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "CreateThingGroup",
    method: Method::POST,
    path: "/thing-groups/{thingGroupName}",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    parent_group_name: Option<String>,
    thing_group_properties: Option<PropertiesInput>,
    tags: Option<FirstTags>,
}

async fn run(call: Call) -> ApiResult {
    let input: Input = call.input()?;
    let properties = input.thing_group_properties.unwrap_or_default();
    let new = NewGroup {
        name: call.label("thingGroupName")?.to_owned(),
        parent: input.parent_group_name,
        description: properties.thing_group_description,
        attributes: properties.attribute_payload.unwrap_or_default().first(),
    };
    let tags = input.tags.unwrap_or_default().pairs();
    let group = call.control().create_thing_group(new, &tags).await?;
    Ok(Answer::json(json!({
        "thingGroupName": group.name,
        "thingGroupArn": call.control().thing_group_arn(&group.name),
        "thingGroupId": group.id,
    })))
}
