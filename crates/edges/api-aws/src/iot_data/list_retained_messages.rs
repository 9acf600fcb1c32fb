//! `ListRetainedMessages`.

use http::Method;
use picket_policy::Action;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "ListRetainedMessages",
    method: Method::GET,
    path: "/retainedMessage",
    access: Access::Data,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    call.rights().await?.check(Action::ListRetainedMessages, "*")?;
    let page = call.page_a(200)?;
    let rows_max = usize::try_from(page.rows_max).unwrap_or(usize::MAX);
    let found = call.data().retained().list_retained(page.after.as_deref(), rows_max).await;
    let rows: Vec<Value> = found
        .messages
        .iter()
        .map(|message| {
            json!({
                "topic": &*message.topic,
                "payloadSize": message.payload.len(),
                "qos": message.qos.min(1),
                "lastModifiedTime": message.arrived.as_millis(),
            })
        })
        .collect();
    Ok(Answer::json(json!({"retainedTopics": rows, "nextToken": call.next(found.next)?})))
}
