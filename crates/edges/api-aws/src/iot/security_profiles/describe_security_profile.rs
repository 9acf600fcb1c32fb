//! `DescribeSecurityProfile`.

use http::Method;

use super::rendering::described;
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "DescribeSecurityProfile",
    method: Method::GET,
    path: "/security-profiles/{securityProfileName}",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let profile = call.control().security_profile(call.label("securityProfileName")?).await?;
    Ok(Answer::json(described(&call, &profile)))
}
