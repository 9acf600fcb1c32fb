//! `ListTopics`.

use http::Method;
use serde_json::json;

use super::paging::{listed, page};
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};
use crate::paging::slice;

pub(crate) static OPERATION: Operation = Operation {
    name: "ListTopics",
    method: Method::POST,
    path: "/",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let page = page(&call)?;
    let (arns, next) = slice(call.notify().topic_arns(), &page, String::as_str);
    let topics = arns.iter().map(|arn| json!({ "TopicArn": arn })).collect();
    listed(&call, "Topics", topics, next)
}
