//! Reports of device metrics, and the rules on messages.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use picket_core::Timestamp;
use picket_ports::messages::Origin;
use picket_ports::reports::ReportFormat;
use picket_ports::{LogError, Message, MessageTap, Publish as _, ReportPublish};
use picket_wire_report::{Format, RejectCode, Response, decode};

use crate::shared::Shared;

/// Hands a report over and answers it. Returns what kept it from being stored.
pub(super) async fn take(
    shared: Arc<Shared>,
    thing: String,
    format: ReportFormat,
    message: Message,
) -> Option<&'static str> {
    let publisher = match &message.origin {
        Origin::Client { client_id, .. } => Some(client_id.as_ref().to_owned()),
        _ => None,
    };
    let (payload, arrived) = (message.payload.clone(), message.arrived);
    let report = ReportPublish { thing, publisher, format, payload, arrived };
    let reply = match shared.reports.submit(report).await {
        Ok(reply) => reply,
        Err(error) => {
            refuse_unstored(&shared, &message, format, &error).await;
            return Some("report_not_stored");
        }
    };
    if reply.accepted
        && let Some(failures) = shared.report_faults.worked(Instant::now())
    {
        tracing::info!(failures, "reports are stored again");
    }
    let outcome = if reply.accepted { "accepted" } else { "rejected" };
    answer_report(&shared, format!("{}/{outcome}", message.topic), reply.document).await;
    match shared.broker.tap_for(&message.topic).map(Arc::clone) {
        None => None,
        Some(tap) => run_rules(shared, tap, Arc::new(message)).await,
    }
}

/// Tells the device that its report is not stored, for which there is no PUBACK.
async fn refuse_unstored(
    shared: &Shared,
    message: &Message,
    format: ReportFormat,
    error: &LogError,
) {
    if shared.report_faults.failed(&error.to_string(), Instant::now()) {
        tracing::error!(%error, topic = %message.topic, "reports cannot be stored; devices are told to send them again");
    }
    let topic = format!("{}/rejected", message.topic);
    if !shared.broker.has_audience(&topic) {
        return;
    }
    let thing = message.topic.split('/').nth(2).unwrap_or_default();
    let document = not_stored(thing, format, &message.payload, shared.clock.now());
    answer_report(shared, topic, document).await;
}

/// The rejection of a report that was good and could not be stored. The cause is ours to know.
fn not_stored(thing: &str, format: ReportFormat, report: &[u8], now: Timestamp) -> Bytes {
    let format = match format {
        ReportFormat::Json => Format::Json,
        ReportFormat::Cbor => Format::Cbor,
    };
    let id = decode(format, report).ok().map(|report| report.report_id);
    let text = "the report could not be stored; send it again later";
    let answer = Response::rejected(thing, id, RejectCode::InternalError, text, now);
    Bytes::from(answer.encode(format))
}

async fn answer_report(shared: &Shared, topic: String, document: Bytes) {
    if !shared.broker.has_audience(&topic) {
        return;
    }
    let now = shared.clock.now();
    let answer = Message::from_service("gateway", topic, document, now);
    if let Err(error) = shared.broker.publish(answer).await
        && shared.rule_faults.failed(&error.to_string(), Instant::now())
    {
        tracing::warn!(%error, "a rule on a report's answer failed");
    }
}

/// Lets the rules have a message. Returns what went wrong.
pub(super) async fn run_rules(
    shared: Arc<Shared>,
    tap: Arc<dyn MessageTap>,
    message: Arc<Message>,
) -> Option<&'static str> {
    let error = tap.accept(Arc::clone(&message)).await.err()?;
    if shared.rule_faults.failed(&error.to_string(), Instant::now()) {
        tracing::error!(topic = %message.topic, %error, "a rule could not be completed; its messages are not acknowledged");
    }
    Some("rule_failed")
}
