//! `ListPolicies`: managed policies, by ARN.

use http::Method;
use serde::Deserialize;

use super::inputs::flag;
use super::paging::{listed, page};
use super::rendering::policy_json;
use crate::call::{Call, shortened};
use crate::fault::ApiError;
use crate::operation::{Access, ApiResult, Operation};
use crate::paging::slice;

pub(crate) static OPERATION: Operation = Operation {
    name: "ListPolicies",
    method: Method::POST,
    path: "/",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    scope: Option<String>,
    only_attached: Option<String>,
    path_prefix: Option<String>,
}

async fn run(call: Call) -> ApiResult {
    let Input { scope, only_attached, path_prefix } = call.input()?;
    let page = page(&call)?;
    let (own, aws) = match scope.as_deref() {
        None | Some("All") => (true, true),
        Some("Local") => (true, false),
        Some("AWS") => (false, true),
        Some(other) => {
            let other = shortened(other);
            return Err(ApiError::invalid(format!(
                "`Scope` is `{other}`; it must be All, AWS or Local"
            )));
        }
    };
    let is_attached = flag("OnlyAttached", only_attached.as_deref())?;
    let mut policies = call.control().managed_policies(own, aws).await?;
    policies.retain(|policy| {
        policy.path.starts_with(path_prefix.as_deref().unwrap_or("/"))
            && (policy.attachments > 0 || !is_attached)
    });
    let (policies, next) = slice(policies, &page, |policy| policy.arn.as_str());
    listed(&call, "Policies", policies.iter().map(policy_json).collect(), next)
}
