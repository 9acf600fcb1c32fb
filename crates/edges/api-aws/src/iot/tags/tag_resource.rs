//! `TagResource`.

use http::Method;
use serde::Deserialize;

use crate::answer::Answer;
use crate::call::Call;
use crate::iot::first_tags::FirstTags;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "TagResource",
    method: Method::POST,
    path: "/tags",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    resource_arn: String,
    tags: FirstTags,
}

async fn run(call: Call) -> ApiResult {
    let Input { resource_arn, tags } = call.input()?;
    call.control().tag_resource(&resource_arn, &tags.pairs()).await?;
    Ok(Answer::empty())
}
