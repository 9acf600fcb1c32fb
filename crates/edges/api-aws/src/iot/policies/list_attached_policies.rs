//! `ListAttachedPolicies`.

use http::Method;
use serde_json::json;

use super::rendering::policies;
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "ListAttachedPolicies",
    method: Method::POST,
    path: "/attached-policies/{target}",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let (is_recursive, page) = (call.query_flag("recursive")?, call.page_b()?);
    let target = call.label("target")?;
    let listed = call.control().list_attached_policies(target, is_recursive, &page).await?;
    Ok(Answer::json(json!({
        "policies": policies(&call, listed.rows.iter()),
        "nextMarker": call.next(listed.next)?,
    })))
}
