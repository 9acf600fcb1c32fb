//! `DeleteRoleAlias`.

use http::Method;

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "DeleteRoleAlias",
    method: Method::DELETE,
    path: "/role-aliases/{roleAlias}",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    call.control().delete_role_alias(call.label("roleAlias")?).await?;
    Ok(Answer::empty())
}
