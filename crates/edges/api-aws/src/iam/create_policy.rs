//! `CreatePolicy`: a managed policy.

use http::Method;
use picket_registry::NewManagedPolicy;
use serde::Deserialize;
use serde_json::json;

use super::inputs::refuse_absent;
use super::rendering::policy_json;
use super::users::keys_in_force;
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "CreatePolicy",
    method: Method::POST,
    path: "/",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    policy_name: String,
    path: Option<String>,
    description: Option<String>,
    policy_document: String,
}

async fn run(call: Call) -> ApiResult {
    refuse_absent(&call, &["Tags"])?;
    let input: Input = call.input()?;
    let new = NewManagedPolicy {
        name: input.policy_name,
        path: input.path,
        description: input.description,
        document: input.policy_document,
    };
    let policy = call.control().create_managed_policy(new).await?;
    keys_in_force(&call).await;
    Ok(Answer::json(json!({ "Policy": policy_json(&policy) })))
}
