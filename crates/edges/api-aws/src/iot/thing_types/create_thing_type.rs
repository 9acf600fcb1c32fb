//! `CreateThingType`.

use http::Method;
use serde::Deserialize;
use serde_json::json;

use super::properties::PropertiesInput;
use crate::answer::Answer;
use crate::call::Call;
use crate::iot::first_tags::FirstTags;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "CreateThingType",
    method: Method::POST,
    path: "/thing-types/{thingTypeName}",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    thing_type_properties: Option<PropertiesInput>,
    tags: Option<FirstTags>,
}

async fn run(call: Call) -> ApiResult {
    let input: Input = call.input()?;
    let properties = input.thing_type_properties.unwrap_or_default().properties()?;
    let tags = input.tags.unwrap_or_default().pairs();
    let name = call.label("thingTypeName")?;
    let thing_type = call.control().create_thing_type(name, properties, &tags).await?;
    Ok(Answer::json(json!({
        "thingTypeName": thing_type.name,
        "thingTypeArn": call.control().thing_type_arn(name),
        "thingTypeId": thing_type.id,
    })))
}
