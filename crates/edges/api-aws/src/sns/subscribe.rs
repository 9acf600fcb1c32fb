//! `Subscribe`.

use http::Method;
use serde::Deserialize;
use serde_json::json;

use super::inputs::{Entries, flag};
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};
use picket_notify::Subscribe;

pub(crate) static OPERATION: Operation = Operation {
    name: "Subscribe",
    method: Method::POST,
    path: "/",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    topic_arn: String,
    protocol: String,
    endpoint: Option<String>,
    attributes: Option<Entries>,
    return_subscription_arn: Option<String>,
}

async fn run(call: Call) -> ApiResult {
    let Input { topic_arn, protocol, endpoint, attributes, return_subscription_arn } =
        call.input()?;
    let shows_arn = flag("ReturnSubscriptionArn", return_subscription_arn.as_deref())?;
    let asked = Subscribe {
        topic_arn,
        protocol,
        endpoint: endpoint.unwrap_or_default(),
        attributes: attributes.unwrap_or_default().into_map()?,
    };
    let subscribed = call.notify().subscribe(asked).await?;
    let shown = match subscribed.is_pending && !shows_arn {
        true => "pending confirmation",
        false => &subscribed.arn,
    };
    Ok(Answer::json(json!({ "SubscriptionArn": shown })).about(subscribed.arn))
}
