//! `DeleteDimension`.

use http::Method;

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "DeleteDimension",
    method: Method::DELETE,
    path: "/dimensions/{name}",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    call.control().delete_dimension(call.label("name")?).await?;
    Ok(Answer::empty())
}
