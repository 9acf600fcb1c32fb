//! `UpdateEventConfigurations`.

use std::collections::BTreeMap;

use http::Method;
use serde::Deserialize;

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "UpdateEventConfigurations",
    method: Method::PATCH,
    path: "/event-configurations",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    event_configurations: Option<BTreeMap<String, Switch>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Switch {
    #[serde(default)]
    enabled: bool,
}

async fn run(call: Call) -> ApiResult {
    let input: Input = call.input()?;
    let changes = input.event_configurations.unwrap_or_default();
    let changes = changes.into_iter().map(|(kind, switch)| (kind, switch.enabled)).collect();
    call.control().update_event_configurations(&changes).await?;
    Ok(Answer::empty())
}
