//! `CreateDimension`.

use http::Method;
use picket_registry::NewDimension;
use serde::Deserialize;
use serde_json::json;

use crate::answer::Answer;
use crate::call::Call;
use crate::iot::first_tags::FirstTags;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "CreateDimension",
    method: Method::POST,
    path: "/dimensions/{name}",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    #[serde(rename = "type")]
    dimension_type: String,
    string_values: Vec<String>,
    tags: Option<FirstTags>,
    client_request_token: String,
}

async fn run(call: Call) -> ApiResult {
    let input: Input = call.input()?;
    let (name, control) = (call.label("name")?, call.control());
    let new = NewDimension {
        name: name.to_owned(),
        dimension_type: input.dimension_type,
        values: input.string_values,
        client_request_token: Some(input.client_request_token),
    };
    control.create_dimension(new, &input.tags.unwrap_or_default().pairs()).await?;
    Ok(Answer::json(json!({ "name": name, "arn": control.dimension_arn(name) })))
}
