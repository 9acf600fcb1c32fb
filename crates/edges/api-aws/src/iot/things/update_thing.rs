//! `UpdateThing`.

use http::Method;
use picket_registry::{ThingChange, TypeChange};
use serde::Deserialize;

use crate::answer::Answer;
use crate::call::Call;
use crate::fault::ApiError;
use crate::iot::attributes::AttributePayload;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "UpdateThing",
    method: Method::PATCH,
    path: "/things/{thingName}",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    thing_type_name: Option<String>,
    remove_thing_type: Option<bool>,
    attribute_payload: Option<AttributePayload>,
    expected_version: Option<u64>,
}

async fn run(call: Call) -> ApiResult {
    let input: Input = call.input()?;
    let type_name = match (input.thing_type_name, input.remove_thing_type.unwrap_or(false)) {
        (Some(_), true) => {
            return Err(ApiError::invalid(
                "`removeThingType` cannot be true when `thingTypeName` is given",
            ));
        }
        (Some(name), false) => TypeChange::Set(name),
        (None, true) => TypeChange::Remove,
        (None, false) => TypeChange::Keep,
    };
    let change = ThingChange {
        type_name,
        attributes: input.attribute_payload.and_then(AttributePayload::change),
        expected_version: input.expected_version,
    };
    call.control().update_thing(call.label("thingName")?, &change).await?;
    Ok(Answer::empty())
}
