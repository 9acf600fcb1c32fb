//! `ListTargetsForSecurityProfile`.

use http::Method;
use picket_ports::registry::Rows;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "ListTargetsForSecurityProfile",
    method: Method::GET,
    path: "/security-profiles/{securityProfileName}/targets",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let (name, page) = (call.label("securityProfileName")?, call.page_of_detection()?);
    let Rows { rows, next } = call.control().targets_of_security_profile(name, &page).await?;
    let targets: Vec<Value> = rows.into_iter().map(|arn| json!({ "arn": arn })).collect();
    Ok(Answer::json(json!({ "securityProfileTargets": targets, "nextToken": call.next(next)? })))
}
