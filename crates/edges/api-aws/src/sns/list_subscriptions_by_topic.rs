//! `ListSubscriptionsByTopic`.

use http::Method;
use serde::Deserialize;

use super::paging::{listed, page};
use super::rendering::subscription_json;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};
use crate::paging::slice;

pub(crate) static OPERATION: Operation = Operation {
    name: "ListSubscriptionsByTopic",
    method: Method::POST,
    path: "/",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    topic_arn: String,
}

async fn run(call: Call) -> ApiResult {
    let Input { topic_arn } = call.input()?;
    let page = page(&call)?;
    let all = call.notify().subscriptions_of(&topic_arn)?;
    let (views, next) = slice(all, &page, |view| view.id.as_str());
    let account = &call.notify().account().id;
    let subscriptions = views.iter().map(|view| subscription_json(view, account)).collect();
    listed(&call, "Subscriptions", subscriptions, next)
}
