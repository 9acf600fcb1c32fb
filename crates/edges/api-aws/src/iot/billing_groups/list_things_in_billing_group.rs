//! `ListThingsInBillingGroup`.

use http::Method;
use picket_ports::registry::Rows;
use serde_json::json;

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "ListThingsInBillingGroup",
    method: Method::GET,
    path: "/billing-groups/{billingGroupName}/things",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let page = call.page_a(250)?;
    let group = call.label("billingGroupName")?;
    let Rows { rows, next } = call.control().list_things_in_billing_group(group, &page).await?;
    Ok(Answer::json(json!({ "things": rows, "nextToken": call.next(next)? })))
}
