//! `UntagResource`.

use http::Method;
use serde::Deserialize;

use super::inputs::list;
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "UntagResource",
    method: Method::POST,
    path: "/",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    resource_arn: String,
    #[serde(deserialize_with = "list")]
    tag_keys: Vec<String>,
}

async fn run(call: Call) -> ApiResult {
    let Input { resource_arn, tag_keys } = call.input()?;
    call.notify().untag_topic(&resource_arn, &tag_keys).await?;
    Ok(Answer::empty())
}
