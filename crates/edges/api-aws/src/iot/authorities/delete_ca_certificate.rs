//! `DeleteCACertificate`.

use http::Method;

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "DeleteCACertificate",
    method: Method::DELETE,
    path: "/cacertificate/{caCertificateId}",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    call.control().delete_ca_certificate(call.label("caCertificateId")?).await?;
    Ok(Answer::empty())
}
