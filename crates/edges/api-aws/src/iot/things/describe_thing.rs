//! `DescribeThing`.

use http::Method;
use serde_json::json;

use crate::answer::Answer;
use crate::call::Call;
use crate::iot::attributes::attributes_json;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "DescribeThing",
    method: Method::GET,
    path: "/things/{thingName}",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let thing = call.control().describe_thing(call.label("thingName")?).await?;
    Ok(Answer::json(json!({
        "defaultClientId": thing.name,
        "thingName": thing.name,
        "thingId": thing.id,
        "thingArn": call.control().thing_arn(&thing.name),
        "thingTypeName": thing.type_name,
        "attributes": attributes_json(&thing.attributes),
        "version": thing.version,
        "billingGroupName": thing.billing_group,
    })))
}
