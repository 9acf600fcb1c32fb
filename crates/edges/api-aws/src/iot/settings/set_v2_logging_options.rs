//! `SetV2LoggingOptions`.

use http::Method;
use picket_registry::{EventLogging, LogLevel, LoggingChange};
use serde::Deserialize;

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "SetV2LoggingOptions",
    method: Method::POST,
    path: "/v2LoggingOptions",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    role_arn: Option<String>,
    default_log_level: Option<String>,
    disable_all_logs: Option<bool>,
    event_configurations: Option<Vec<EventInput>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct EventInput {
    event_type: String,
    log_level: Option<String>,
    log_destination: Option<String>,
}

impl EventInput {
    fn parsed(self) -> ApiResult<EventLogging> {
        let level = self.log_level.map(|text| LogLevel::parse("logLevel", &text)).transpose()?;
        let (event_type, destination) = (self.event_type, self.log_destination);
        Ok(EventLogging { event_type, level, destination })
    }
}

async fn run(call: Call) -> ApiResult {
    let input: Input = call.input()?;
    let level = input.default_log_level.map(|text| LogLevel::parse("defaultLogLevel", &text));
    let events = input
        .event_configurations
        .map(|events| events.into_iter().map(EventInput::parsed).collect::<Result<Vec<_>, _>>());
    let change = LoggingChange {
        role_arn: input.role_arn,
        default_level: level.transpose()?,
        disables_all: input.disable_all_logs,
        events: events.transpose()?,
    };
    call.control().set_logging_options(change).await?;
    Ok(Answer::empty())
}
