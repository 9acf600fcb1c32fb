//! `ListSecurityProfilesForTarget`.

use http::Method;
use picket_ports::registry::Rows;
use picket_registry::ProfileMapping;
use serde_json::{Value, json};

use super::rendering::identifier;
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "ListSecurityProfilesForTarget",
    method: Method::GET,
    path: "/security-profiles-for-target",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let target = call.query_needed("securityProfileTargetArn")?;
    let is_recursive = call.query_flag("recursive")?;
    let (page, control) = (call.page_of_detection()?, call.control());
    let Rows { rows, next } =
        control.security_profiles_for_target(target, is_recursive, &page).await?;
    let mapping = |ProfileMapping { profile, target_arn }: &ProfileMapping| {
        let profile = identifier(&call, profile);
        json!({ "securityProfileIdentifier": profile, "target": { "arn": target_arn } })
    };
    let mappings: Vec<Value> = rows.iter().map(mapping).collect();
    let next = call.next(next)?;
    Ok(Answer::json(json!({ "securityProfileTargetMappings": mappings, "nextToken": next })))
}
