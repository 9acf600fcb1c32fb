//! `TransferCertificate`: refused, since there is one account.

use http::Method;

use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "TransferCertificate",
    method: Method::PATCH,
    path: "/transfer-certificate/{certificateId}",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    Err(call.control().refuse_transfer(call.label("certificateId")?).await.into())
}
