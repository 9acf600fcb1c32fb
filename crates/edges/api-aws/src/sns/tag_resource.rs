//! `TagResource`.

use http::Method;
use serde::Deserialize;

use super::inputs::{TagInput, list};
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "TagResource",
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
    tags: Vec<TagInput>,
}

async fn run(call: Call) -> ApiResult {
    let Input { resource_arn, tags } = call.input()?;
    let tags = tags.into_iter().map(TagInput::pair).collect();
    call.notify().tag_topic(&resource_arn, tags).await?;
    Ok(Answer::empty())
}
