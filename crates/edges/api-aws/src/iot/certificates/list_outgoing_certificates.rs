//! `ListOutgoingCertificates`: none, since nothing can be transferred.

use http::Method;
use serde_json::json;

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "ListOutgoingCertificates",
    method: Method::GET,
    path: "/certificates-out-going",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    call.page_b()?;
    call.is_ascending()?;
    Ok(Answer::json(json!({ "outgoingCertificates": [] })))
}
