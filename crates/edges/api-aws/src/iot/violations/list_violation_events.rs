//! `ListViolationEvents`.

use std::time::Duration;

use http::Method;
use picket_ports::registry::Rows;
use serde_json::{Value, json};

use super::{filter, rendering};
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "ListViolationEvents",
    method: Method::GET,
    path: "/violation-events",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let filter = filter::read(&call)?;
    let (from, end) = call.query_period()?;
    let page = call.page_of_detection()?;
    // An event of the end itself is in the list: times in queries are whole seconds more often than not.
    let to = end.plus(Duration::from_millis(1));
    let read = call.shared.deps.alarms.history_page(&filter, from, to, &page).await;
    let Rows { rows, next } = read.map_err(|error| filter::failed(&error))?;
    let events: Vec<Value> = rows.iter().map(rendering::event).collect();
    Ok(Answer::json(json!({ "violationEvents": events, "nextToken": call.next(next)? })))
}
