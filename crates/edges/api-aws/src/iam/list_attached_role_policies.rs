//! `ListAttachedRolePolicies`, by ARN.

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::paging::{listed, page};
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};
use crate::paging::slice;

pub(crate) static OPERATION: Operation = Operation {
    name: "ListAttachedRolePolicies",
    method: Method::POST,
    path: "/",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    role_name: String,
    path_prefix: Option<String>,
}

async fn run(call: Call) -> ApiResult {
    let Input { role_name, path_prefix } = call.input()?;
    let page = page(&call)?;
    let prefix = path_prefix.unwrap_or_else(|| "/".to_owned());
    let mut arns = call.control().role(&role_name).await?.attached_policies;
    arns.retain(|arn| arn.split_once(":policy").is_some_and(|(_, path)| path.starts_with(&prefix)));
    arns.sort_unstable();
    let (arns, next) = slice(arns, &page, String::as_str);
    let attached = |arn: String| {
        let name = arn.rsplit('/').next().unwrap_or_default();
        json!({ "PolicyName": name, "PolicyArn": arn })
    };
    let attached: Vec<Value> = arns.into_iter().map(attached).collect();
    listed(&call, "AttachedPolicies", attached, next)
}
