//! `ValidateSecurityProfileBehaviors`: what is wrong is an answer, not an error.

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "ValidateSecurityProfileBehaviors",
    method: Method::POST,
    path: "/security-profile-behaviors/validate",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
struct Input {
    behaviors: Vec<Value>,
}

async fn run(call: Call) -> ApiResult {
    let Input { behaviors } = call.input()?;
    let texts = call.control().validate_behaviors(behaviors).await?;
    let is_valid = texts.is_empty();
    let errors: Vec<Value> = texts.into_iter().map(|it| json!({ "errorMessage": it })).collect();
    Ok(Answer::json(json!({ "valid": is_valid, "validationErrors": errors })))
}
