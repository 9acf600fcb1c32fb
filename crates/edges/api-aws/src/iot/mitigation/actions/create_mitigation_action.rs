//! `CreateMitigationAction`.

use http::Method;
use picket_mitigate::{ActionParams, NewAction};
use serde::Deserialize;
use serde_json::Value;

use super::rendering;
use crate::answer::Answer;
use crate::call::Call;
use crate::iot::first_tags::FirstTags;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "CreateMitigationAction",
    method: Method::POST,
    path: "/mitigationactions/actions/{actionName}",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    role_arn: String,
    action_params: Value,
    tags: Option<FirstTags>,
}

async fn run(call: Call) -> ApiResult {
    let input: Input = call.input()?;
    let new = NewAction {
        name: call.label("actionName")?.to_owned(),
        role_arn: input.role_arn,
        params: ActionParams::read(&input.action_params)?,
        tags: input.tags.unwrap_or_default().pairs(),
    };
    let made = call.shared.deps.mitigation.create_action(new).await?;
    Ok(Answer::json(rendering::identity(&made)))
}
