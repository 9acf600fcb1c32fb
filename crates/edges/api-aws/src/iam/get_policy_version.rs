//! `GetPolicyVersion`: there is one version, `v1`.

use http::Method;
use picket_registry::ControlError;
use serde::Deserialize;
use serde_json::{Value, json};

use super::rendering::{VERSION, encoded, version_json};
use crate::answer::Answer;
use crate::call::{Call, shortened};
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "GetPolicyVersion",
    method: Method::POST,
    path: "/",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    policy_arn: String,
    version_id: String,
}

async fn run(call: Call) -> ApiResult {
    let Input { policy_arn, version_id } = call.input()?;
    let policy = call.control().managed_policy(&policy_arn).await?;
    if version_id != VERSION {
        let name = format!("{} of {}", shortened(&version_id), policy.arn);
        return Err(ControlError::not_found("policy version", name).into());
    }
    let mut version = version_json(&policy);
    version["Document"] = Value::String(encoded(&policy.document));
    Ok(Answer::json(json!({ "PolicyVersion": version })))
}
