//! `GetLoggingOptions`, the old form of logging: empty when it was never set.

use http::Method;
use serde_json::json;

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "GetLoggingOptions",
    method: Method::GET,
    path: "/loggingOptions",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let options = call.control().logging_options_v1().await?;
    let level = options.as_ref().map(|options| options.level.as_str());
    let role_arn = options.as_ref().map(|options| options.role_arn.as_str());
    Ok(Answer::json(json!({ "roleArn": role_arn, "logLevel": level })))
}
