//! `ListPrincipalThingsV2`.

use http::Method;
use picket_core::ThingName;
use picket_registry::AttachmentKind;
use serde_json::{Value, json};

use super::arguments::{PRINCIPAL, ROWS_MAX, kind};
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "ListPrincipalThingsV2",
    method: Method::GET,
    path: "/principals/things-v2",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let (kind, page) = (kind(&call)?, call.page_a(ROWS_MAX)?);
    let principal = call.header_needed(PRINCIPAL)?;
    let listed = call.control().list_principal_things(principal, kind, &page).await?;
    let row = |(thing, kind): &(ThingName, AttachmentKind)| json!({ "thingName": thing, "thingPrincipalType": kind.as_str() });
    let objects: Vec<Value> = listed.rows.iter().map(row).collect();
    let next = call.next(listed.next)?;
    Ok(Answer::json(json!({ "principalThingObjects": objects, "nextToken": next })))
}
