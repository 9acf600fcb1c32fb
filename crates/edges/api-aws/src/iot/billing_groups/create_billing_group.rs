//! `CreateBillingGroup`.

use http::Method;
use serde::Deserialize;
use serde_json::json;

use super::properties::PropertiesInput;
use crate::answer::Answer;
use crate::call::Call;
use crate::iot::first_tags::FirstTags;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "CreateBillingGroup",
    method: Method::POST,
    path: "/billing-groups/{billingGroupName}",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    billing_group_properties: Option<PropertiesInput>,
    tags: Option<FirstTags>,
}

async fn run(call: Call) -> ApiResult {
    let input: Input = call.input()?;
    let description = input.billing_group_properties.and_then(|it| it.billing_group_description);
    let tags = input.tags.unwrap_or_default().pairs();
    let name = call.label("billingGroupName")?;
    let group = call.control().create_billing_group(name, description.as_deref(), &tags).await?;
    Ok(Answer::json(json!({
        "billingGroupName": group.name,
        "billingGroupArn": call.control().billing_group_arn(name),
        "billingGroupId": group.id,
    })))
}
