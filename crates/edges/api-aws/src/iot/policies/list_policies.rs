//! `ListPolicies`.

use http::Method;
use serde_json::json;

use super::rendering::policies;
use crate::answer::Answer;
use crate::call::Call;
use crate::iot::certificates::rendering::order;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "ListPolicies",
    method: Method::GET,
    path: "/policies",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let (order, page) = (order(&call)?, call.page_b()?);
    let listed = call.control().list_policies(order, &page).await?;
    let names = listed.rows.iter().map(|policy| &policy.name);
    Ok(Answer::json(json!({
        "policies": policies(&call, names),
        "nextMarker": call.next(listed.next)?,
    })))
}
