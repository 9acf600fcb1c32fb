//! `UpdateDimension`.

use http::Method;
use serde::Deserialize;

use super::rendering::described;
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "UpdateDimension",
    method: Method::PATCH,
    path: "/dimensions/{name}",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    string_values: Vec<String>,
}

async fn run(call: Call) -> ApiResult {
    let Input { string_values } = call.input()?;
    let dimension = call.control().update_dimension(call.label("name")?, string_values).await?;
    Ok(Answer::json(described(&call, dimension)))
}
