//! `ListPolicyPrincipals`.

use http::Method;
use serde_json::json;

use super::arguments::POLICY;
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "ListPolicyPrincipals",
    method: Method::GET,
    path: "/policy-principals",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    // Read so that a wrong value is told; there is one order only.
    call.is_ascending()?;
    let (name, page) = (call.header_needed(POLICY)?, call.page_b()?);
    let listed = call.control().list_policy_principals(name, &page).await?;
    Ok(Answer::json(json!({
        "principals": listed.rows,
        "nextMarker": call.next(listed.next)?,
    })))
}
