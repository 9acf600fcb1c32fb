//! `ListTagsForResource`: all at once, there are fifty at most.

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
    // No page of ours ends with a token.
    call.opened(call.query("nextToken"))?;
    let tags = call.control().resource_tags(call.query_needed("resourceArn")?).await?;
    let tag = |(key, value): (String, String)| json!({ "Key": key, "Value": value });
    let tags: Vec<Value> = tags.into_iter().map(tag).collect();
    Ok(Answer::json(json!({ "tags": tags })))
}
