//! `GetEffectivePolicies`.

use http::Method;
use picket_registry::EffectivePolicy;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "GetEffectivePolicies",
    method: Method::POST,
    path: "/effective-policies",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    principal: Option<String>,
    cognito_identity_pool_id: Option<String>,
}

async fn run(call: Call) -> ApiResult {
    let input: Input = call.input()?;
    let (thing, principal) = (call.query("thingName"), input.principal.as_deref());
    let pool = input.cognito_identity_pool_id.as_deref();
    let effective = call.control().get_effective_policies(thing, principal, pool).await?;
    let row = |EffectivePolicy { policy, .. }: &EffectivePolicy| {
        json!({
            "policyName": policy.name,
            "policyArn": call.control().policy_arn(&policy.name),
            "policyDocument": policy.document(),
        })
    };
    let rows: Vec<Value> = effective.iter().map(row).collect();
    Ok(Answer::json(json!({ "effectivePolicies": rows })))
}
