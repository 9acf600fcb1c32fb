//! `ListBillingGroups`.

use http::Method;
use picket_ports::registry::Rows;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "ListBillingGroups",
    method: Method::GET,
    path: "/billing-groups",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let page = call.page_a(250)?;
    let prefix = call.query("namePrefixFilter");
    let Rows { rows, next } = call.control().list_billing_groups(prefix, &page).await?;
    let groups: Vec<Value> = rows
        .iter()
        .map(|group| {
            let arn = call.control().billing_group_arn(&group.name);
            json!({ "groupName": group.name, "groupArn": arn })
        })
        .collect();
    Ok(Answer::json(json!({ "billingGroups": groups, "nextToken": call.next(next)? })))
}
