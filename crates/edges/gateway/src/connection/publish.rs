//! Messages from the client (spec iot-core §3.2, §3.5–§3.7).

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use futures::FutureExt as _;
use mqtt_protocol_core::mqtt::result_code::{DisconnectReasonCode, PubackReasonCode};
use picket_broker::Stored;
use picket_core::Timestamp;
use picket_policy::Action;
use picket_ports::messages::Origin;
use picket_ports::reports::ReportFormat;
use picket_ports::{LogError, Message, MessageTap, Publish as _, ReportPublish};
use picket_session::check_topic;
use picket_wire_report::{Format, RejectCode, Response, decode};

use super::client::Client;
use super::end::End;
use super::incoming::PublishRequest;
use super::outgoing::Verdict;
use super::settle::Settled;
use crate::gateway::Shared;
use crate::reserved::{Destination, destination};

/// A message is kept for a week at most, whatever it asks for.
const EXPIRY_SECONDS_MAX: u32 = 604_800;

/// Why a publish is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Denial {
    NotAuthorized,
    /// Malformed, too long or too deep, or a reserved topic that is not served.
    Topic,
    Rate,
}

impl Denial {
    const fn booked(self) -> &'static str {
        match self {
            Self::NotAuthorized => "not_authorized",
            Self::Topic => "topic_invalid",
            Self::Rate => "rate_limit",
        }
    }

    const fn codes(self) -> (PubackReasonCode, DisconnectReasonCode, &'static str) {
        match self {
            Self::NotAuthorized => (
                PubackReasonCode::NotAuthorized,
                DisconnectReasonCode::NotAuthorized,
                "the policies do not allow publishing on this topic",
            ),
            Self::Topic => (
                PubackReasonCode::TopicNameInvalid,
                DisconnectReasonCode::TopicNameInvalid,
                "the topic is malformed, too long, too deep, or reserved",
            ),
            Self::Rate => (
                PubackReasonCode::QuotaExceeded,
                DisconnectReasonCode::QuotaExceeded,
                "too many publishes in a second",
            ),
        }
    }
}

impl Client {
    pub(super) fn published(&mut self, publish: PublishRequest) {
        self.parts.shared.ledger.received(1);
        if let Some((code, reason)) = self.breach(&publish) {
            self.parts.shared.ledger.dropped("protocol_error", 1);
            self.stop(End::ClientError, code, Some(reason));
            return;
        }
        match self.judge(&publish) {
            Ok(()) => self.take(publish),
            Err(denial) => self.deny(&publish, denial),
        }
    }

    /// Faults for which a client of either version is cut off.
    fn breach(&self, publish: &PublishRequest) -> Option<(DisconnectReasonCode, &'static str)> {
        let rules = &self.parts.door.rules;
        if publish.qos > 0 && publish.packet_id == 0 {
            return Some((DisconnectReasonCode::ProtocolError, "packet id 0"));
        }
        if publish.has_subscription_id {
            let reason = "a client's PUBLISH has no subscription identifier";
            return Some((DisconnectReasonCode::ProtocolError, reason));
        }
        if publish.qos > rules.max_qos {
            return Some((DisconnectReasonCode::QosNotSupported, "QoS 2 is not supported"));
        }
        if publish.payload.len() > rules.payload_bytes_max as usize {
            return Some((DisconnectReasonCode::PacketTooLarge, "the payload is too large"));
        }
        let response_topic = publish.properties.response_topic.as_deref();
        if response_topic.is_some_and(|topic| topic.contains(['+', '#'])) {
            return Some((DisconnectReasonCode::ProtocolError, "wildcard in the response topic"));
        }
        None
    }

    fn judge(&mut self, publish: &PublishRequest) -> Result<(), Denial> {
        let rules = &self.parts.door.rules;
        check_topic(&publish.topic, &rules.topics).map_err(|_| Denial::Topic)?;
        if !self.bucket.take(Instant::now()) {
            return Err(Denial::Rate);
        }
        let to = destination(&publish.topic);
        let rights = &self.parts.rights;
        let may_retain = !publish.retain || rights.allow(Action::RetainPublish, &publish.topic);
        if !may_retain || !rights.allow(Action::Publish, &publish.topic) {
            return Err(Denial::NotAuthorized);
        }
        let retains_reserved = publish.retain && to != Destination::Broker;
        if to == Destination::Unsupported || retains_reserved {
            return Err(Denial::Topic);
        }
        Ok(())
    }

    /// Refuses as AWS does, or on a standard listener as gently as the protocol allows.
    fn deny(&mut self, publish: &PublishRequest, denial: Denial) {
        self.parts.shared.ledger.dropped(denial.booked(), 1);
        if denial == Denial::NotAuthorized {
            self.parts.counters.authorization_failure(Some(&publish.topic));
        }
        let (puback, disconnect, reason) = denial.codes();
        let is_v5 = self.parts.link.is_v5();
        let is_aws = self.parts.door.rules.is_aws();
        let end = match denial {
            Denial::NotAuthorized => End::AuthError,
            _ => End::ClientError,
        };
        match publish.qos {
            1 | 2 if is_v5 => {
                let verdict = Verdict { code: puback, reason: Some(reason) };
                self.answer(publish.qos, publish.packet_id, verdict);
            }
            // Discarded; the client of a 3.1.1 QoS 1 publish may try again.
            0 | 1 if denial == Denial::Rate => {}
            0 if !is_aws && denial == Denial::NotAuthorized => {}
            // The standard leaves 3.1.1 two ways: to close, or to acknowledge and drop.
            1 | 2 if !is_aws && denial == Denial::NotAuthorized => {
                self.answer(publish.qos, publish.packet_id, Verdict::TAKEN);
            }
            _ => self.stop(end, disconnect, Some(reason)),
        }
    }

    fn take(&mut self, publish: PublishRequest) {
        let shared = Arc::clone(&self.parts.shared);
        let (qos, packet_id) = (publish.qos, publish.packet_id);
        let to = destination(&publish.topic);
        self.parts.counters.message_in(&publish.topic, publish.payload.len());
        if let Destination::Report { thing, format } = to {
            let thing = thing.to_owned();
            let message = self.message(publish);
            let report = take_report(shared, thing, format, message);
            let settled = report.map(move |failure| Settled { qos, packet_id, failure });
            self.pending.push_back(settled.boxed());
            return;
        }
        let is_for_subscribers = to == Destination::Broker;
        let message = Arc::new(self.message(publish));
        let sender = Some(self.parts.attachment.session());
        let stored = match is_for_subscribers {
            true => shared.broker.route(&message, sender).stored,
            false => None,
        };
        let tap = shared.broker.tap_for(&message.topic).map(Arc::clone);
        if stored.is_none() && tap.is_none() {
            self.settle(Settled { qos, packet_id, failure: None });
            return;
        }
        let ending = finish_publish(shared, stored, tap, message);
        self.pending
            .push_back(ending.map(move |failure| Settled { qos, packet_id, failure }).boxed());
    }

    fn message(&self, publish: PublishRequest) -> Message {
        let mut properties = publish.properties;
        if self.parts.door.rules.is_aws() {
            properties.expiry_seconds =
                properties.expiry_seconds.map(|seconds| seconds.clamp(1, EXPIRY_SECONDS_MAX));
        }
        Message {
            topic: publish.topic.into(),
            payload: publish.payload,
            qos: publish.qos,
            retain: publish.retain,
            properties,
            origin: Origin::Client {
                client_id: Arc::clone(&self.parts.client_id),
                principal: Arc::clone(&self.parts.principal),
            },
            arrived: self.parts.shared.clock.now(),
            traces: Arc::default(),
            depth: 0,
        }
    }
}

/// Hands a report over and answers it. Returns what kept it from being stored.
async fn take_report(
    shared: Arc<Shared>,
    thing: String,
    format: ReportFormat,
    message: Message,
) -> Option<&'static str> {
    let report =
        ReportPublish { thing, format, payload: message.payload.clone(), arrived: message.arrived };
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

/// Waits for what must be on disk before the PUBACK. Returns what kept it from there.
async fn finish_publish(
    shared: Arc<Shared>,
    stored: Option<Stored>,
    tap: Option<Arc<dyn MessageTap>>,
    message: Arc<Message>,
) -> Option<&'static str> {
    if let Some(stored) = stored
        && stored.wait().await.is_err()
    {
        return Some("not_stored");
    }
    run_rules(shared, tap?, message).await
}

async fn run_rules(
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
