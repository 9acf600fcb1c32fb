//! `UpdateSecurityProfile`: a member that is there takes the place of the whole
//! member, and the answer is what `DescribeSecurityProfile` gives.

use http::Method;
use picket_registry::{ClearedMember, ProfileChange, ProfileContent};
use serde::Deserialize;

use super::rendering::described;
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "UpdateSecurityProfile",
    method: Method::PATCH,
    path: "/security-profiles/{securityProfileName}",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    delete_behaviors: Option<bool>,
    delete_alert_targets: Option<bool>,
    delete_additional_metrics_to_retain: Option<bool>,
    delete_metrics_export_config: Option<bool>,
}

async fn run(call: Call) -> ApiResult {
    let input: Input = call.input()?;
    let flags = [
        (input.delete_behaviors, ClearedMember::Behaviors),
        (input.delete_alert_targets, ClearedMember::AlertTargets),
        (input.delete_additional_metrics_to_retain, ClearedMember::AdditionalMetrics),
        (input.delete_metrics_export_config, ClearedMember::Export),
    ];
    let set = flags.into_iter().filter(|(flag, _)| *flag == Some(true));
    let change = ProfileChange {
        content: ProfileContent::of_request(call.members()?),
        cleared: set.map(|(_, member)| member).collect(),
        expected_version: call.query_number("expectedVersion", 0..=u64::MAX)?,
    };
    let name = call.label("securityProfileName")?;
    let profile = call.control().update_security_profile(name, change).await?;
    Ok(Answer::json(described(&call, &profile)))
}
