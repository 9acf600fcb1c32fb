//! `ListMitigationActions`.

use http::Method;
use picket_ports::registry::Rows;
use serde_json::{Value, json};

use super::rendering;
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "ListMitigationActions",
    method: Method::GET,
    path: "/mitigationactions/actions",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let page = call.page_of_detection()?;
    let listed = call.shared.deps.mitigation.list_actions(call.query("actionType"), &page);
    let Rows { rows, next } = listed.await?;
    let actions: Vec<Value> = rows.iter().map(rendering::listed).collect();
    Ok(Answer::json(json!({ "actionIdentifiers": actions, "nextToken": call.next(next)? })))
}
