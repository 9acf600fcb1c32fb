//! `AttachSecurityProfile`: the target is in the query, and there is no body.

use http::Method;

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "AttachSecurityProfile",
    method: Method::PUT,
    path: "/security-profiles/{securityProfileName}/targets",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let target = call.query_needed("securityProfileTargetArn")?;
    let name = call.label("securityProfileName")?;
    call.control().attach_security_profile(name, target).await?;
    Ok(Answer::empty())
}
