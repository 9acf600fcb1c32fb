//! `UpdateThingType`.

use http::Method;
use serde::Deserialize;

use super::properties::PropertiesInput;
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "UpdateThingType",
    method: Method::PATCH,
    path: "/thing-types/{thingTypeName}",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    thing_type_properties: Option<PropertiesInput>,
}

async fn run(call: Call) -> ApiResult {
    let input: Input = call.input()?;
    let change = input.thing_type_properties.unwrap_or_default().change()?;
    call.control().update_thing_type(call.label("thingTypeName")?, change).await?;
    Ok(Answer::empty())
}
