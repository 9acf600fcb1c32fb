//! `ListPolicyVersions`: there is one, `v1`.

use http::Method;
use serde::Deserialize;

use super::paging::listed;
use super::rendering::version_json;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "ListPolicyVersions",
    method: Method::POST,
    path: "/",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    policy_arn: String,
}

async fn run(call: Call) -> ApiResult {
    let Input { policy_arn } = call.input()?;
    let policy = call.control().managed_policy(&policy_arn).await?;
    listed(&call, "Versions", vec![version_json(&policy)], None)
}
