//! `GetV2LoggingOptions`; with `verbose=true` also how single types of events are logged.

use http::Method;
use picket_registry::{EventLogging, LogLevel};
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "GetV2LoggingOptions",
    method: Method::GET,
    path: "/v2LoggingOptions",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let is_verbose = call.query_flag("verbose")?;
    let options = call.control().logging_options().await?;
    let events = is_verbose.then(|| options.events.into_iter().map(event).collect::<Vec<Value>>());
    Ok(Answer::json(json!({
        "roleArn": options.role_arn,
        "defaultLogLevel": options.default_level.as_str(),
        "disableAllLogs": options.disables_all,
        "eventConfigurations": events,
    })))
}

fn event(event: EventLogging) -> Value {
    json!({
        "eventType": event.event_type,
        "logLevel": event.level.map(LogLevel::as_str),
        "logDestination": event.destination,
    })
}
