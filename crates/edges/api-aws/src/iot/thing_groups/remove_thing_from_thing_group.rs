//! `RemoveThingFromThingGroup`.

use http::Method;

use super::membership::Membership;
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "RemoveThingFromThingGroup",
    method: Method::PUT,
    path: "/thing-groups/removeThingFromThingGroup",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let input: Membership = call.input()?;
    call.control().remove_thing_from_thing_group(input.thing(), input.group()).await?;
    Ok(Answer::empty())
}
