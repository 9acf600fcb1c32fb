//! `UpdateBillingGroup`.

use http::Method;
use serde::Deserialize;
use serde_json::json;

use super::properties::PropertiesInput;
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "UpdateBillingGroup",
    method: Method::PATCH,
    path: "/billing-groups/{billingGroupName}",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    billing_group_properties: PropertiesInput,
    expected_version: Option<u64>,
}

async fn run(call: Call) -> ApiResult {
    let Input { billing_group_properties, expected_version } = call.input()?;
    let description = billing_group_properties.billing_group_description;
    let group = call
        .control()
        .update_billing_group(
            call.label("billingGroupName")?,
            description.as_deref(),
            expected_version,
        )
        .await?;
    Ok(Answer::json(json!({ "version": group.version })))
}
