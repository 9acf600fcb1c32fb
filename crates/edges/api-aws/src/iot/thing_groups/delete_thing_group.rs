//! `DeleteThingGroup`.

use http::Method;

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "DeleteThingGroup",
    method: Method::DELETE,
    path: "/thing-groups/{thingGroupName}",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let expected_version = call.query_number("expectedVersion", 0..=u64::MAX)?;
    call.control().delete_thing_group(call.label("thingGroupName")?, expected_version).await?;
    Ok(Answer::empty())
}
