//! `Publish`.

use bytes::Bytes;
use http::Method;
use picket_policy::Action;
use picket_ports::reports::ReportFormat;
use picket_ports::{Message, PublishError, ReportPublish};
use picket_session::{Destination, destination};
use picket_wire_aws::{AwsCode, AwsError};
use serde_json::{Value, json};
use std::sync::Arc;

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "Publish",
    method: Method::POST,
    path: "/topics/{topic+}",
    access: Access::Data,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let message = call.message()?;
    let rights = call.rights().await?;
    rights.check(Action::Publish, &message.topic)?;
    if message.retain {
        rights.check(Action::RetainPublish, &message.topic)?;
    }
    rights.count_message(&message.topic, message.payload.len());
    match destination(&message.topic) {
        Destination::Report { thing, format } => {
            let thing = thing.to_owned();
            report(&call, message, thing, format).await?;
        }
        _ => call.data().publisher().publish(message).await.map_err(in_words)?,
    }
    Ok(Answer::json(json!({"message": "OK", "traceId": call.request_id})))
}

/// A report of device metrics goes the way it goes over MQTT: to detection, which answers on the topics
/// beside it, and to the rules, but not to subscribers.
async fn report(
    call: &Call,
    message: Message,
    thing: String,
    format: ReportFormat,
) -> Result<(), AwsError> {
    let report = ReportPublish {
        thing,
        publisher: None,
        format,
        payload: message.payload.clone(),
        arrived: message.arrived,
    };
    let reply = call.data().reports().submit(report).await.map_err(|error| {
        tracing::error!(%error, topic = %message.topic, "a report cannot be stored");
        let text = "the report could not be stored; send it again later";
        AwsError::new(AwsCode::ServiceUnavailable, text)
    })?;
    let outcome = if reply.accepted { "accepted" } else { "rejected" };
    let topic = format!("{}/{outcome}", message.topic);
    let answer = Message::from_service("iot-data", topic, reply.document.clone(), message.arrived);
    call.data().publisher().publish(answer).await.map_err(in_words)?;
    if !reply.accepted {
        // Over MQTT the device hears it on the topic; a caller over HTTPS can hear it only here.
        return Err(AwsError::new(AwsCode::InvalidRequest, why(&reply.document, format)));
    }
    let rules = call.data().rules();
    if rules.wants(&message.topic) {
        let accepted = rules.accept(Arc::new(message)).await;
        accepted.map_err(|error| {
            tracing::error!(%error, "a rule could not be completed");
            AwsError::new(AwsCode::ServiceUnavailable, "a rule could not be completed")
        })?;
    }
    Ok(())
}

/// The reason in a rejection.
fn why(document: &Bytes, format: ReportFormat) -> String {
    let reason = match format {
        ReportFormat::Json => serde_json::from_slice::<Value>(document).ok(),
        ReportFormat::Cbor => None,
    };
    let reason = reason.as_ref().and_then(|document| {
        let details = document.get("statusDetails")?;
        details.get("ErrorMessage").or_else(|| details.get("errorMessage"))?.as_str()
    });
    match reason {
        Some(reason) => format!("the report was rejected: {reason}"),
        None => "the report was rejected; the topic beside it says why".to_owned(),
    }
}

fn in_words(error: PublishError) -> AwsError {
    let code = match &error {
        PublishError::BadTopic { .. } => AwsCode::InvalidRequest,
        PublishError::RetainedFull { .. } => AwsCode::DataThrottling,
        PublishError::RuleFailed { .. } | PublishError::NotStored { .. } => {
            tracing::error!(%error, "a message over HTTPS was not taken");
            return AwsError::new(
                AwsCode::ServiceUnavailable,
                "the message could not be taken; send it again later",
            );
        }
    };
    AwsError::new(code, error.to_string())
}
