//! `SetV2LoggingLevel`.

use http::Method;
use picket_registry::{LogLevel, LogTarget, LogTargetKind, LoggingLevel};
use serde::Deserialize;

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "SetV2LoggingLevel",
    method: Method::POST,
    path: "/v2LoggingLevel",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    log_target: TargetInput,
    log_level: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct TargetInput {
    target_type: String,
    target_name: Option<String>,
}

async fn run(call: Call) -> ApiResult {
    let Input { log_target: TargetInput { target_type, target_name }, log_level } = call.input()?;
    let target = LogTarget { kind: LogTargetKind::parse(&target_type)?, name: target_name };
    let level = LogLevel::parse("logLevel", &log_level)?;
    call.control().set_logging_level(&LoggingLevel { target, level }).await?;
    Ok(Answer::empty())
}
