//! `ListThings`.

use http::Method;
use picket_ports::registry::{Rows, Thing, ThingFilter};
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::call::Call;
use crate::iot::attributes::attributes_json;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "ListThings",
    method: Method::GET,
    path: "/things",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let filter = ThingFilter {
        type_name: call.query("thingTypeName").map(ToOwned::to_owned),
        attribute_name: call.query("attributeName").map(ToOwned::to_owned),
        attribute_value: call.query("attributeValue").map(ToOwned::to_owned),
        value_is_prefix: call.query_flag("usePrefixAttributeValue")?,
        ..ThingFilter::default()
    };
    let page = call.page_a(250)?;
    let Rows { rows, next } = call.control().list_things(&filter, &page).await?;
    let things: Vec<Value> = rows.iter().map(|thing| listed(&call, thing)).collect();
    Ok(Answer::json(json!({ "things": things, "nextToken": call.next(next)? })))
}

fn listed(call: &Call, thing: &Thing) -> Value {
    json!({
        "thingName": thing.name,
        "thingTypeName": thing.type_name,
        "thingArn": call.control().thing_arn(&thing.name),
        "attributes": attributes_json(&thing.attributes),
        "version": thing.version,
    })
}
