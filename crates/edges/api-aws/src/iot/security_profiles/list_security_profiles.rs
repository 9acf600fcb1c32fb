//! `ListSecurityProfiles`.

use http::Method;
use picket_ports::registry::Rows;
use picket_registry::ProfileFilter;
use serde_json::{Value, json};

use super::rendering::identifier;
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "ListSecurityProfiles",
    method: Method::GET,
    path: "/security-profiles",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let filter = ProfileFilter {
        dimension: call.query("dimensionName").map(ToOwned::to_owned),
        metric: call.query("metricName").map(ToOwned::to_owned),
    };
    let page = call.page_of_detection()?;
    let Rows { rows, next } = call.control().list_security_profiles(&filter, &page).await?;
    let identifiers: Vec<Value> = rows.iter().map(|name| identifier(&call, name)).collect();
    let next = call.next(next)?;
    Ok(Answer::json(json!({ "securityProfileIdentifiers": identifiers, "nextToken": next })))
}
