//! `DescribeEventConfigurations`.

use http::Method;
use picket_wire_aws::timestamp::seconds;
use serde_json::{Map, Value, json};

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "DescribeEventConfigurations",
    method: Method::GET,
    path: "/event-configurations",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let found = call.control().event_configurations().await?;
    let kinds: Map<String, Value> = found
        .configurations
        .into_iter()
        .map(|(kind, is_on)| (kind, json!({ "Enabled": is_on })))
        .collect();
    Ok(Answer::json(json!({
        "eventConfigurations": kinds,
        "creationDate": found.created.map(seconds),
        "lastModifiedDate": found.modified.map(seconds),
    })))
}
