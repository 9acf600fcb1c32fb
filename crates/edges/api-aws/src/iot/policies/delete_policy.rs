//! `DeletePolicy`.

use http::Method;

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "DeletePolicy",
    method: Method::DELETE,
    path: "/policies/{policyName}",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    call.control().delete_policy(call.label("policyName")?).await?;
    Ok(Answer::empty())
}
