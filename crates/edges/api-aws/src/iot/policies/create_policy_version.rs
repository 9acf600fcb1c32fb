//! `CreatePolicyVersion`.

use http::Method;
use serde::Deserialize;
use serde_json::json;

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "CreatePolicyVersion",
    method: Method::POST,
    path: "/policies/{policyName}/version",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    policy_document: String,
}

async fn run(call: Call) -> ApiResult {
    let input: Input = call.input()?;
    let (name, document) = (call.label("policyName")?, input.policy_document);
    let is_default = call.query_flag("setAsDefault")?;
    let policy = call.control().create_policy_version(name, &document, is_default).await?;
    Ok(Answer::json(json!({
        "policyArn": call.control().policy_arn(&policy.name),
        "policyDocument": document,
        "policyVersionId": policy.last_version.to_string(),
        "isDefaultVersion": policy.default_version == policy.last_version,
    })))
}
