//! `ConfirmSubscription`.

use http::Method;
use serde::Deserialize;
use serde_json::json;

use super::inputs::flag;
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "ConfirmSubscription",
    method: Method::POST,
    path: "/",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    topic_arn: String,
    token: String,
    authenticate_on_unsubscribe: Option<String>,
}

async fn run(call: Call) -> ApiResult {
    let Input { topic_arn, token, authenticate_on_unsubscribe } = call.input()?;
    let guarded = flag("AuthenticateOnUnsubscribe", authenticate_on_unsubscribe.as_deref())?;
    let arn = call.notify().confirm_subscription(&topic_arn, &token, guarded, true).await?;
    Ok(Answer::json(json!({ "SubscriptionArn": arn })).about(arn))
}
