//! `UpdateMitigationAction`.

use http::Method;
use picket_mitigate::{ActionChange, ActionParams};
use serde::Deserialize;
use serde_json::Value;

use super::rendering;
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "UpdateMitigationAction",
    method: Method::PATCH,
    path: "/mitigationactions/actions/{actionName}",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    role_arn: Option<String>,
    action_params: Option<Value>,
}

async fn run(call: Call) -> ApiResult {
    let Input { role_arn, action_params } = call.input()?;
    let params = action_params.as_ref().map(ActionParams::read).transpose()?;
    let (name, change) = (call.label("actionName")?, ActionChange { role_arn, params });
    let changed = call.shared.deps.mitigation.update_action(name, change).await?;
    Ok(Answer::json(rendering::identity(&changed)))
}
