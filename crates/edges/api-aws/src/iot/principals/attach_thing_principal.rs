//! `AttachThingPrincipal`.

use http::Method;
use picket_registry::AttachmentKind;

use super::arguments::{PRINCIPAL, kind};
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "AttachThingPrincipal",
    method: Method::PUT,
    path: "/things/{thingName}/principals",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let principal = call.header_needed(PRINCIPAL)?;
    let kind = kind(&call)?.unwrap_or(AttachmentKind::NonExclusive);
    call.control().attach_thing_principal(call.label("thingName")?, principal, kind).await?;
    Ok(Answer::empty())
}
