//! `DescribeThingType`.

use http::Method;
use serde_json::json;

use super::properties::{metadata_json, properties_json};
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "DescribeThingType",
    method: Method::GET,
    path: "/thing-types/{thingTypeName}",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let thing_type = call.control().describe_thing_type(call.label("thingTypeName")?).await?;
    Ok(Answer::json(json!({
        "thingTypeName": thing_type.name,
        "thingTypeId": thing_type.id,
        "thingTypeArn": call.control().thing_type_arn(&thing_type.name),
        "thingTypeProperties": properties_json(&thing_type.properties),
        "thingTypeMetadata": metadata_json(&thing_type),
    })))
}
