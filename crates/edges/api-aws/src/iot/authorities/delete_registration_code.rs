//! `DeleteRegistrationCode`.

use http::Method;

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "DeleteRegistrationCode",
    method: Method::DELETE,
    path: "/registrationcode",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    call.control().delete_registration_code().await?;
    Ok(Answer::empty())
}
