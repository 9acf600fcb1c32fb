//! `ListThingPrincipals`.

use http::Method;
use picket_core::CertificateId;
use picket_registry::AttachmentKind;
use serde_json::json;

use super::arguments::ROWS_MAX;
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "ListThingPrincipals",
    method: Method::GET,
    path: "/things/{thingName}/principals",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let page = call.page_a(ROWS_MAX)?;
    let thing = call.label("thingName")?;
    let listed = call.control().list_thing_principals(thing, None, &page).await?;
    let row = |(id, _): &(CertificateId, AttachmentKind)| call.control().certificate_arn(id);
    let principals: Vec<String> = listed.rows.iter().map(row).collect();
    Ok(Answer::json(json!({ "principals": principals, "nextToken": call.next(listed.next)? })))
}
