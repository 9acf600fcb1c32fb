//! `ListTagsForResource`.

use http::Method;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "ListTagsForResource",
    method: Method::GET,
    path: "/tags",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let arn = call.query_needed("resourceArn")?;
    let tags = call.control().registry().tags(arn).await?;
    let tags: Vec<Value> =
        tags.into_iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect();
    Ok(Answer::json(json!({ "tags": tags })))
}
