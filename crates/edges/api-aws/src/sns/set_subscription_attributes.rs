//! `SetSubscriptionAttributes`.

use http::Method;
use serde::Deserialize;

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "SetSubscriptionAttributes",
    method: Method::POST,
    path: "/",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    subscription_arn: String,
    attribute_name: String,
    attribute_value: Option<String>,
}

async fn run(call: Call) -> ApiResult {
    let Input { subscription_arn, attribute_name, attribute_value } = call.input()?;
    let value = attribute_value.unwrap_or_default();
    call.notify().set_subscription_attribute(&subscription_arn, &attribute_name, &value).await?;
    Ok(Answer::empty())
}
