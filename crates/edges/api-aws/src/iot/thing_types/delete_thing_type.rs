//! `DeleteThingType`.

use http::Method;

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "DeleteThingType",
    method: Method::DELETE,
    path: "/thing-types/{thingTypeName}",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    call.control().delete_thing_type(call.label("thingTypeName")?).await?;
    Ok(Answer::empty())
}
