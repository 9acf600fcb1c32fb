//! `CreatePolicy`.

use http::Method;
use serde::Deserialize;
use serde_json::json;

use crate::answer::Answer;
use crate::call::Call;
use crate::iot::first_tags::FirstTags;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "CreatePolicy",
    method: Method::POST,
    path: "/policies/{policyName}",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    policy_document: String,
    tags: Option<FirstTags>,
}

async fn run(call: Call) -> ApiResult {
    let input: Input = call.input()?;
    let tags = input.tags.unwrap_or_default().pairs();
    let name = call.label("policyName")?;
    let policy = call.control().create_policy(name, &input.policy_document, &tags).await?;
    Ok(Answer::json(json!({
        "policyName": policy.name,
        "policyArn": call.control().policy_arn(&policy.name),
        "policyDocument": policy.document(),
        "policyVersionId": policy.default_version.to_string(),
    })))
}
