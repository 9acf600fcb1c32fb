//! `DescribeBillingGroup`.

use http::Method;
use picket_wire_aws::timestamp;
use serde_json::json;

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "DescribeBillingGroup",
    method: Method::GET,
    path: "/billing-groups/{billingGroupName}",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let group = call.control().describe_billing_group(call.label("billingGroupName")?).await?;
    Ok(Answer::json(json!({
        "billingGroupName": group.name,
        "billingGroupId": group.id,
        "billingGroupArn": call.control().billing_group_arn(&group.name),
        "version": group.version,
        "billingGroupProperties": { "billingGroupDescription": group.description },
        "billingGroupMetadata": { "creationDate": timestamp::seconds(group.created) },
    })))
}
