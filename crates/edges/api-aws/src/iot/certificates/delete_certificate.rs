//! `DeleteCertificate`.

use http::Method;

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "DeleteCertificate",
    method: Method::DELETE,
    path: "/certificates/{certificateId}",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let is_forced = call.query_flag("forceDelete")?;
    call.control().delete_certificate(call.label("certificateId")?, is_forced).await?;
    Ok(Answer::empty())
}
