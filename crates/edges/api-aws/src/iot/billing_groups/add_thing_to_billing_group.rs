//! `AddThingToBillingGroup`.

use http::Method;

use super::membership::Membership;
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "AddThingToBillingGroup",
    method: Method::PUT,
    path: "/billing-groups/addThingToBillingGroup",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let input: Membership = call.input()?;
    call.control().add_thing_to_billing_group(input.thing(), input.group()).await?;
    Ok(Answer::empty())
}
