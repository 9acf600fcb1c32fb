//! `ListThingPrincipalsV2`.

use http::Method;
use picket_core::CertificateId;
use picket_registry::AttachmentKind;
use serde_json::{Value, json};

use super::arguments::{ROWS_MAX, kind};
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "ListThingPrincipalsV2",
    method: Method::GET,
    path: "/things/{thingName}/principals-v2",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let (kind, page) = (kind(&call)?, call.page_a(ROWS_MAX)?);
    let thing = call.label("thingName")?;
    let listed = call.control().list_thing_principals(thing, kind, &page).await?;
    let row = |(id, kind): &(CertificateId, AttachmentKind)| {
        let principal = call.control().certificate_arn(id);
        json!({ "principal": principal, "thingPrincipalType": kind.as_str() })
    };
    let objects: Vec<Value> = listed.rows.iter().map(row).collect();
    let next = call.next(listed.next)?;
    Ok(Answer::json(json!({ "thingPrincipalObjects": objects, "nextToken": next })))
}
