//! `ListActiveViolations`.

use http::Method;
use picket_ports::registry::Rows;
use serde_json::{Value, json};

use super::{filter, rendering};
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "ListActiveViolations",
    method: Method::GET,
    path: "/active-violations",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let filter = filter::read(&call)?;
    let page = call.page_of_detection()?;
    if let Some(profile) = &filter.profile {
        // Only here AWS answers a profile that is not there with an error.
        call.control().security_profile(profile).await?;
    }
    let read = call.shared.deps.alarms.active_page(&filter, &page).await;
    let Rows { rows, next } = read.map_err(|error| filter::failed(&error))?;
    let violations: Vec<Value> = rows.iter().map(rendering::active).collect();
    Ok(Answer::json(json!({ "activeViolations": violations, "nextToken": call.next(next)? })))
}
