//! `DeleteSecurityProfile`.

use http::Method;

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "DeleteSecurityProfile",
    method: Method::DELETE,
    path: "/security-profiles/{securityProfileName}",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let expected_version = call.query_number("expectedVersion", 0..=u64::MAX)?;
    let name = call.label("securityProfileName")?;
    call.control().delete_security_profile(name, expected_version).await?;
    Ok(Answer::empty())
}
