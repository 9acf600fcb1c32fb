//! `DeprecateThingType`.

use http::Method;
use serde::Deserialize;

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "DeprecateThingType",
    method: Method::POST,
    path: "/thing-types/{thingTypeName}/deprecate",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    undo_deprecate: Option<bool>,
}

async fn run(call: Call) -> ApiResult {
    let input: Input = call.input()?;
    let is_undone = input.undo_deprecate.unwrap_or(false);
    call.control().deprecate_thing_type(call.label("thingTypeName")?, is_undone).await?;
    Ok(Answer::empty())
}
