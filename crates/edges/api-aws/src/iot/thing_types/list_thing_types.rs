//! `ListThingTypes`: all of them, or those whose names begin with `thingTypeName`.

use http::Method;
use picket_ports::registry::Rows;
use picket_registry::ThingType;
use serde_json::{Value, json};

use super::properties::{metadata_json, properties_json};
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "ListThingTypes",
    method: Method::GET,
    path: "/thing-types",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let page = call.page_a(250)?;
    let prefix = call.query("thingTypeName");
    let Rows { rows, next } = call.control().list_thing_types(prefix, &page).await?;
    let types: Vec<Value> = rows.iter().map(|thing_type| listed(&call, thing_type)).collect();
    Ok(Answer::json(json!({ "thingTypes": types, "nextToken": call.next(next)? })))
}

fn listed(call: &Call, thing_type: &ThingType) -> Value {
    json!({
        "thingTypeName": thing_type.name,
        "thingTypeArn": call.control().thing_type_arn(&thing_type.name),
        "thingTypeProperties": properties_json(&thing_type.properties),
        "thingTypeMetadata": metadata_json(thing_type),
    })
}
