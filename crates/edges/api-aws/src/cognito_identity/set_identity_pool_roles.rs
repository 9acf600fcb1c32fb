//! `SetIdentityPoolRoles`.

use std::collections::BTreeMap;

use http::Method;
use picket_registry::PoolRoles;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "SetIdentityPoolRoles",
    method: Method::POST,
    path: "/",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    identity_pool_id: String,
    roles: BTreeMap<String, String>,
    role_mappings: Option<Map<String, Value>>,
}

async fn run(call: Call) -> ApiResult {
    let Input { identity_pool_id, roles, role_mappings } = call.input()?;
    let roles = PoolRoles { roles, mappings: role_mappings.unwrap_or_default() };
    call.control().set_identity_pool_roles(&identity_pool_id, roles).await?;
    Ok(Answer::empty())
}
