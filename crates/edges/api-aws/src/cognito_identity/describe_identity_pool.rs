//! `DescribeIdentityPool`.

use http::Method;
use serde::Deserialize;

use super::rendering::pool_json;
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "DescribeIdentityPool",
    method: Method::POST,
    path: "/",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    identity_pool_id: String,
}

async fn run(call: Call) -> ApiResult {
    let Input { identity_pool_id } = call.input()?;
    let pool = call.control().identity_pool(&identity_pool_id).await?;
    Ok(Answer::json(pool_json(pool)))
}
