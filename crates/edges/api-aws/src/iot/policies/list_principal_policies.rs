//! `ListPrincipalPolicies`.

use http::Method;
use serde_json::json;

use super::arguments::PRINCIPAL;
use super::rendering::policies;
use crate::answer::Answer;
use crate::call::Call;
use crate::iot::certificates::rendering::order;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "ListPrincipalPolicies",
    method: Method::GET,
    path: "/principal-policies",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let (order, page) = (order(&call)?, call.page_b()?);
    let principal = call.header_needed(PRINCIPAL)?;
    let listed = call.control().list_principal_policies(principal, order, &page).await?;
    Ok(Answer::json(json!({
        "policies": policies(&call, listed.rows.iter()),
        "nextMarker": call.next(listed.next)?,
    })))
}
