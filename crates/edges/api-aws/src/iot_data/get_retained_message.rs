//! `GetRetainedMessage`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use picket_policy::Action;
use picket_wire_aws::{AwsCode, AwsError};
use serde_json::json;

use super::user_properties;
use crate::answer::Answer;
use crate::call::{Call, shortened};
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "GetRetainedMessage",
    method: Method::GET,
    path: "/retainedMessage/{topic+}",
    access: Access::Data,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let topic = call.label("topic")?;
    call.rights().await?.check(Action::GetRetainedMessage, topic)?;
    let found = call.data().retained().retained(topic).await.ok_or_else(|| {
        let text = format!("no message is retained on topic `{}`", shortened(topic));
        AwsError::new(AwsCode::ResourceNotFound, text)
    })?;
    let user = &found.properties.user;
    Ok(Answer::json(json!({
        "topic": &*found.topic,
        "payload": STANDARD.encode(&found.payload),
        // The model knows 0 and 1.
        "qos": found.qos.min(1),
        "lastModifiedTime": found.arrived.as_millis(),
        "userProperties": (!user.is_empty()).then(|| STANDARD.encode(user_properties::write(user))),
    })))
}
