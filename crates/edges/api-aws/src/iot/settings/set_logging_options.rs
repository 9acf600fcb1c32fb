//! `SetLoggingOptions`, the old form of logging. The body is the payload itself.

use http::Method;
use picket_registry::{LogLevel, LoggingOptionsV1};
use serde::Deserialize;

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "SetLoggingOptions",
    method: Method::POST,
    path: "/loggingOptions",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    role_arn: String,
    log_level: Option<String>,
}

async fn run(call: Call) -> ApiResult {
    let Input { role_arn, log_level } = call.input()?;
    let level = log_level.map(|text| LogLevel::parse("logLevel", &text)).transpose()?;
    let options = LoggingOptionsV1 { role_arn, level: level.unwrap_or(LogLevel::Disabled) };
    call.control().set_logging_options_v1(&options).await?;
    Ok(Answer::empty())
}
