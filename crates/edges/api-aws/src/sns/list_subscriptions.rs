//! `ListSubscriptions`.

use http::Method;

use super::paging::{listed, page};
use super::rendering::subscription_json;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};
use crate::paging::slice;

pub(crate) static OPERATION: Operation = Operation {
    name: "ListSubscriptions",
    method: Method::POST,
    path: "/",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let page = page(&call)?;
    let all = call.notify().subscription_views();
    let (views, next) = slice(all, &page, |view| view.id.as_str());
    let account = &call.notify().account().id;
    let subscriptions = views.iter().map(|view| subscription_json(view, account)).collect();
    listed(&call, "Subscriptions", subscriptions, next)
}
