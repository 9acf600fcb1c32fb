//! `ListDimensions`.

use http::Method;
use picket_ports::registry::Rows;
use serde_json::json;

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "ListDimensions",
    method: Method::GET,
    path: "/dimensions",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let page = call.page_of_detection()?;
    let Rows { rows, next } = call.control().list_dimensions(&page).await?;
    Ok(Answer::json(json!({ "dimensionNames": rows, "nextToken": call.next(next)? })))
}
