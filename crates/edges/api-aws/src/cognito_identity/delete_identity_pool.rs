//! `DeleteIdentityPool`.

use http::Method;
use serde::Deserialize;

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "DeleteIdentityPool",
    method: Method::POST,
    path: "/",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    identity_pool_id: String,
}

async fn run(call: Call) -> ApiResult {
    let Input { identity_pool_id } = call.input()?;
    call.control().delete_identity_pool(&identity_pool_id).await?;
    Ok(Answer::empty())
}
