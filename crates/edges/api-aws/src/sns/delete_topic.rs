//! `DeleteTopic`.

use http::Method;
use serde::Deserialize;

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "DeleteTopic",
    method: Method::POST,
    path: "/",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    topic_arn: String,
}

async fn run(call: Call) -> ApiResult {
    let Input { topic_arn } = call.input()?;
    call.notify().delete_topic(&topic_arn).await?;
    Ok(Answer::empty())
}
