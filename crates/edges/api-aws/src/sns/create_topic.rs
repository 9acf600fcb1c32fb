//! `CreateTopic`.

use http::Method;
use serde::Deserialize;
use serde_json::json;

use super::inputs::{Entries, TagInput, list};
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "CreateTopic",
    method: Method::POST,
    path: "/",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    name: String,
    attributes: Option<Entries>,
    #[serde(default, deserialize_with = "list")]
    tags: Vec<TagInput>,
}

async fn run(call: Call) -> ApiResult {
    let Input { name, attributes, tags } = call.input()?;
    let tags = tags.into_iter().map(TagInput::pair).collect();
    let attributes = attributes.unwrap_or_default().into_map()?;
    let arn = call.notify().create_topic(&name, attributes, tags).await?;
    Ok(Answer::json(json!({ "TopicArn": arn })).about(arn))
}
