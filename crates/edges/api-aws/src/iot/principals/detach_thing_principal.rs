//! `DetachThingPrincipal`.

use http::Method;

use super::arguments::PRINCIPAL;
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "DetachThingPrincipal",
    method: Method::DELETE,
    path: "/things/{thingName}/principals",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let principal = call.header_needed(PRINCIPAL)?;
    call.control().detach_thing_principal(call.label("thingName")?, principal).await?;
    Ok(Answer::empty())
}
