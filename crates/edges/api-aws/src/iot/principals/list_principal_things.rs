//! `ListPrincipalThings`.

use http::Method;
use picket_core::ThingName;
use serde_json::json;

use super::arguments::{PRINCIPAL, ROWS_MAX};
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "ListPrincipalThings",
    method: Method::GET,
    path: "/principals/things",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let page = call.page_a(ROWS_MAX)?;
    let principal = call.header_needed(PRINCIPAL)?;
    let listed = call.control().list_principal_things(principal, None, &page).await?;
    let things: Vec<ThingName> = listed.rows.into_iter().map(|(thing, _)| thing).collect();
    Ok(Answer::json(json!({ "things": things, "nextToken": call.next(listed.next)? })))
}
