//! `Unsubscribe`.

use http::Method;
use serde::Deserialize;

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "Unsubscribe",
    method: Method::POST,
    path: "/",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    subscription_arn: String,
}

async fn run(call: Call) -> ApiResult {
    let Input { subscription_arn } = call.input()?;
    call.notify().unsubscribe(&subscription_arn, true).await?;
    Ok(Answer::empty())
}
