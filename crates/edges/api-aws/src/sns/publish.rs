//! `Publish`.

use http::Method;
use serde::Deserialize;
use serde_json::json;

use super::inputs::MessageInput;
use crate::answer::Answer;
use crate::call::Call;
use crate::fault::ApiError;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "Publish",
    method: Method::POST,
    path: "/",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    topic_arn: Option<String>,
    target_arn: Option<String>,
    phone_number: Option<String>,
}

async fn run(call: Call) -> ApiResult {
    let Input { topic_arn, target_arn, phone_number } = call.input()?;
    let message: MessageInput = call.input()?;
    if phone_number.is_some() {
        return Err(ApiError::invalid(
            "Invalid parameter: PhoneNumber: there is no way to send text messages here",
        ));
    }
    let arn = topic_arn.or(target_arn).ok_or_else(|| {
        ApiError::invalid("Invalid parameter: TopicArn or TargetArn: one of them is required")
    })?;
    let id = call.notify().publish(&arn, message.into_publication()?).await?;
    Ok(Answer::json(json!({ "MessageId": id })))
}
