//! `TestAuthorization`.

use http::Method;
use picket_registry::{AuthInfo, AuthResult, AuthorizationTest};
use serde::Deserialize;
use serde_json::{Value, json};

use super::rendering::named_policies;
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "TestAuthorization",
    method: Method::POST,
    path: "/test-authorization",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    principal: Option<String>,
    cognito_identity_pool_id: Option<String>,
    auth_infos: Vec<AuthInfoInput>,
    policy_names_to_add: Option<Vec<String>>,
    policy_names_to_skip: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct AuthInfoInput {
    #[serde(default)]
    action_type: String,
    resources: Vec<String>,
}

async fn run(call: Call) -> ApiResult {
    let input: Input = call.input()?;
    let info =
        |info: AuthInfoInput| AuthInfo { action: info.action_type, resources: info.resources };
    let test = AuthorizationTest {
        principal: input.principal,
        identity_pool: input.cognito_identity_pool_id,
        client_id: call.query("clientId").map(str::to_owned),
        auth_infos: input.auth_infos.into_iter().map(info).collect(),
        policies_to_add: input.policy_names_to_add.unwrap_or_default(),
        policies_to_skip: input.policy_names_to_skip.unwrap_or_default(),
    };
    let results = call.control().test_authorization(test).await?;
    let rows: Vec<Value> = results.into_iter().map(|result| rendered(&call, result)).collect();
    Ok(Answer::json(json!({ "authResults": rows })))
}

fn rendered(call: &Call, result: AuthResult) -> Value {
    let AuthResult { info, outcome, allowed, denied, silent, missing } = result;
    json!({
        "authInfo": { "actionType": info.action, "resources": info.resources },
        "allowed": { "policies": named_policies(call, &allowed) },
        "denied": {
            "implicitDeny": { "policies": named_policies(call, &silent) },
            "explicitDeny": { "policies": named_policies(call, &denied) },
        },
        "authDecision": outcome.as_str(),
        "missingContextValues": missing,
    })
}
