//! `ListSubscriptions`.

use http::Method;
use picket_policy::Action;
use serde_json::{Value, json};

use super::client_id::unknown;
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};
use crate::paging::slice;

const ROWS_DEFAULT: u32 = 20;

pub(crate) static OPERATION: Operation = Operation {
    name: "ListSubscriptions",
    method: Method::GET,
    path: "/connections/{clientId}/subscriptions",
    access: Access::DeviceRead,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let client_id = call.client_id()?;
    call.rights().await?.check(Action::ListSubscriptions, client_id)?;
    let mut page = call.page_a(200)?;
    if call.query("maxResults").is_none() {
        page.rows_max = ROWS_DEFAULT;
    }
    let found = call.data().connections().subscriptions(client_id).await;
    let found = found.ok_or_else(|| unknown(client_id))?;
    let (rows, next) = slice(found, &page, |entry| &entry.filter);
    let rows: Vec<Value> =
        rows.iter().map(|entry| json!({"topicFilter": &*entry.filter, "qos": entry.qos})).collect();
    Ok(Answer::json(json!({"subscriptions": rows, "nextToken": call.next(next)?})))
}
