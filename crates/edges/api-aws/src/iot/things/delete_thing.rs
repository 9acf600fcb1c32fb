//! `DeleteThing`.

use http::Method;

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "DeleteThing",
    method: Method::DELETE,
    path: "/things/{thingName}",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let expected_version = call.query_number("expectedVersion", 0..=u64::MAX)?;
    call.control().delete_thing(call.label("thingName")?, expected_version).await?;
    Ok(Answer::empty())
}
