//! `UpdateCertificate`.

use http::Method;

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "UpdateCertificate",
    method: Method::PUT,
    path: "/certificates/{certificateId}",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let new_status = call.query_needed("newStatus")?;
    call.control().update_certificate(call.label("certificateId")?, new_status).await?;
    Ok(Answer::empty())
}
