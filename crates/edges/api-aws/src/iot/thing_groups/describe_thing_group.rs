//! `DescribeThingGroup`.

use http::Method;
use picket_registry::PlacedGroup;
use picket_wire_aws::timestamp;
use serde_json::{Value, json};

use super::properties::name_and_arn;
use crate::answer::Answer;
use crate::call::Call;
use crate::iot::attributes::attributes_json;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "DescribeThingGroup",
    method: Method::GET,
    path: "/thing-groups/{thingGroupName}",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let placed = call.control().describe_thing_group(call.label("thingGroupName")?).await?;
    let PlacedGroup { group, ancestors } = placed;
    let root_to_parent: Vec<Value> =
        ancestors.iter().rev().map(|ancestor| name_and_arn(&call, &ancestor.name)).collect();
    Ok(Answer::json(json!({
        "thingGroupName": group.name,
        "thingGroupId": group.id,
        "thingGroupArn": call.control().thing_group_arn(&group.name),
        "version": group.version,
        "thingGroupProperties": {
            "thingGroupDescription": group.description,
            "attributePayload": { "attributes": attributes_json(&group.attributes) },
        },
        "thingGroupMetadata": {
            "parentGroupName": group.parent,
            "rootToParentThingGroups": root_to_parent,
            "creationDate": timestamp::seconds(group.created),
        },
    })))
}
