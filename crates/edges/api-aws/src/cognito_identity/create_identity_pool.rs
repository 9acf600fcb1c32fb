//! `CreateIdentityPool`.

use http::Method;
use picket_registry::NewIdentityPool;
use serde::Deserialize;

use super::rendering::{pool_json, providers_of};
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "CreateIdentityPool",
    method: Method::POST,
    path: "/",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    identity_pool_name: String,
    allow_unauthenticated_identities: bool,
    allow_classic_flow: Option<bool>,
}

async fn run(call: Call) -> ApiResult {
    let input: Input = call.input()?;
    let new = NewIdentityPool {
        name: input.identity_pool_name,
        allows_unauthenticated: input.allow_unauthenticated_identities,
        allows_classic_flow: input.allow_classic_flow,
        providers: providers_of(call.members()?),
    };
    let pool = call.control().create_identity_pool(new).await?;
    let about = format!("identitypool/{}", pool.id);
    Ok(Answer::json(pool_json(pool)).about(about))
}
