//! `ListTargetsForPolicy`.

use http::Method;
use serde_json::json;

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "ListTargetsForPolicy",
    method: Method::POST,
    path: "/policy-targets/{policyName}",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let (name, page) = (call.label("policyName")?, call.page_b()?);
    let listed = call.control().list_targets_for_policy(name, &page).await?;
    Ok(Answer::json(json!({
        "targets": listed.rows,
        "nextMarker": call.next(listed.next)?,
    })))
}
