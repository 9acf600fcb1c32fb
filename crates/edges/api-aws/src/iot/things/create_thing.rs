//! `CreateThing`.

use http::Method;
use picket_registry::NewThing;
use serde::Deserialize;
use serde_json::json;

use crate::answer::Answer;
use crate::call::Call;
use crate::iot::attributes::AttributePayload;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "CreateThing",
    method: Method::POST,
    path: "/things/{thingName}",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    thing_type_name: Option<String>,
    attribute_payload: Option<AttributePayload>,
    billing_group_name: Option<String>,
}

async fn run(call: Call) -> ApiResult {
    let input: Input = call.input()?;
    let new = NewThing {
        name: call.label("thingName")?.to_owned(),
        type_name: input.thing_type_name,
        billing_group: input.billing_group_name,
        attributes: input.attribute_payload.unwrap_or_default().first(),
    };
    let thing = call.control().create_thing(new).await?;
    Ok(Answer::json(json!({
        "thingName": thing.name,
        "thingArn": call.control().thing_arn(&thing.name),
        "thingId": thing.id,
    })))
}
