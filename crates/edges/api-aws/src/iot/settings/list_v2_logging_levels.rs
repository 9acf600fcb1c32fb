//! `ListV2LoggingLevels`.

use http::Method;
use picket_registry::{LogTarget, LogTargetKind, LoggingLevel};
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "ListV2LoggingLevels",
    method: Method::GET,
    path: "/v2LoggingLevel",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let page = call.page_a(250)?;
    let kind = call.query("targetType").map(LogTargetKind::parse).transpose()?;
    let found = call.control().logging_levels(kind, &page).await?;
    let levels: Vec<Value> = found.rows.into_iter().map(level).collect();
    Ok(Answer::json(
        json!({ "logTargetConfigurations": levels, "nextToken": call.next(found.next)? }),
    ))
}

fn level(level: LoggingLevel) -> Value {
    let LogTarget { kind, name } = level.target;
    json!({
        "logTarget": { "targetType": kind.as_str(), "targetName": name },
        "logLevel": level.level.as_str(),
    })
}
