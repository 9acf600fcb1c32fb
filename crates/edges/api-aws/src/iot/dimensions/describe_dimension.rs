//! `DescribeDimension`.

use http::Method;

use super::rendering::described;
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "DescribeDimension",
    method: Method::GET,
    path: "/dimensions/{name}",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let dimension = call.control().dimension(call.label("name")?).await?;
    Ok(Answer::json(described(&call, dimension)))
}
