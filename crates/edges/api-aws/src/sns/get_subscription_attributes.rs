//! `GetSubscriptionAttributes`.

use http::Method;
use serde::Deserialize;
use serde_json::json;

use super::rendering::entries;
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "GetSubscriptionAttributes",
    method: Method::POST,
    path: "/",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    subscription_arn: String,
}

async fn run(call: Call) -> ApiResult {
    let Input { subscription_arn } = call.input()?;
    let attributes = call.notify().subscription_attributes(&subscription_arn)?;
    Ok(Answer::json(json!({ "Attributes": entries(&attributes) })))
}
