//! Messages from the client (spec iot-core §3.2, §3.5–§3.7).

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Instant;

use futures::FutureExt as _;
use mqtt_protocol_core::mqtt::result_code::{DisconnectReasonCode, PubackReasonCode};
use picket_broker::Stored;
use picket_policy::Action;
use picket_ports::connections::DisconnectReason;
use picket_ports::messages::Origin;
use picket_ports::{IotEvent, IotRecord, Message, MessageTap};
use picket_session::{TopicProblem, check_topic};

use super::client::Client;
use super::end::End;
use super::incoming::PublishRequest;
use super::outgoing::Verdict;
use super::report;
use super::settle::{PublishOutcome, Settled};
use crate::iot_log::AUTHORIZATION_FAILURE;
use crate::reserved::{Destination, destination};
use crate::shared::Shared;

/// A message is kept for a week at most, whatever it asks for.
pub(super) const EXPIRY_SECONDS_MAX: u32 = 604_800;

/// Why a publish is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Denial {
    /// The rights do not allow this action on the topic.
    NotAuthorized(Action),
    /// Malformed, too long or too deep.
    Topic(TopicProblem),
    /// A reserved topic that is not served.
    Reserved,
    /// RETAIN on a reserved topic.
    RetainReserved,
    Rate,
    /// All clients together.
    AccountRate,
}

impl Denial {
    const fn booked(self) -> &'static str {
        match self {
            Self::NotAuthorized(_) => "not_authorized",
            Self::Topic(_) | Self::Reserved | Self::RetainReserved => "topic_invalid",
            Self::Rate | Self::AccountRate => "rate_limit",
        }
    }

    /// The reason in the IoT log.
    const fn logged(self) -> &'static str {
        match self {
            Self::NotAuthorized(_) => AUTHORIZATION_FAILURE,
            Self::Topic(_) | Self::Reserved | Self::RetainReserved => "INVALID_TOPIC",
            Self::Rate | Self::AccountRate => "THROTTLED",
        }
    }

    const fn is_about_rate(self) -> bool {
        matches!(self, Self::Rate | Self::AccountRate)
    }

    const fn codes(self) -> (PubackReasonCode, DisconnectReasonCode) {
        match self {
            Self::NotAuthorized(_) => {
                (PubackReasonCode::NotAuthorized, DisconnectReasonCode::NotAuthorized)
            }
            Self::Topic(_) | Self::Reserved | Self::RetainReserved => {
                (PubackReasonCode::TopicNameInvalid, DisconnectReasonCode::TopicNameInvalid)
            }
            Self::Rate | Self::AccountRate => {
                (PubackReasonCode::QuotaExceeded, DisconnectReasonCode::QuotaExceeded)
            }
        }
    }
}

impl Client {
    pub(super) fn published(&mut self, publish: PublishRequest, now: Instant) {
        self.parts.shared.ledger.received(1);
        if let Some((code, text)) = self.publish_breach(&publish) {
            self.parts.shared.ledger.dropped("protocol_error", 1);
            return self.breach(code, text);
        }
        match self.judge(&publish, now) {
            Ok(()) => self.take(publish),
            Err(denial) => self.deny(&publish, denial, now),
        }
    }

    /// Faults for which a client of either version is cut off.
    fn publish_breach(
        &self,
        publish: &PublishRequest,
    ) -> Option<(DisconnectReasonCode, Cow<'static, str>)> {
        let rules = &self.parts.door.rules;
        if publish.qos > 0 && publish.packet_id == 0 {
            return Some((DisconnectReasonCode::ProtocolError, "a PUBLISH has packet id 0".into()));
        }
        if publish.has_subscription_id {
            let text = "a client's PUBLISH has no subscription identifier";
            return Some((DisconnectReasonCode::ProtocolError, text.into()));
        }
        if publish.qos > rules.max_qos {
            let (qos, max) = (publish.qos, rules.max_qos);
            let text = format!("QoS {qos} is not supported; at most {max} is");
            return Some((DisconnectReasonCode::QosNotSupported, text.into()));
        }
        let (bytes, max) = (publish.payload.len(), rules.payload_bytes_max);
        if bytes > max as usize {
            let text = format!("the payload has {bytes} bytes; at most {max} are allowed");
            return Some((DisconnectReasonCode::PacketTooLarge, text.into()));
        }
        let response_topic = publish.properties.response_topic.as_deref();
        if response_topic.is_some_and(|topic| topic.contains(['+', '#'])) {
            let text = "the response topic contains a wildcard";
            return Some((DisconnectReasonCode::ProtocolError, text.into()));
        }
        None
    }

    fn judge(&mut self, publish: &PublishRequest, now: Instant) -> Result<(), Denial> {
        let topic = publish.topic.as_str();
        let rules = &self.parts.door.rules;
        check_topic(topic, &rules.topics).map_err(Denial::Topic)?;
        if !self.parts.pace.publishes.take(now) {
            return Err(Denial::Rate);
        }
        if !self.parts.shared.rates.publishes_in.take(now) {
            return Err(Denial::AccountRate);
        }
        let rights = &self.parts.rights;
        for (action, is_needed) in
            [(Action::Publish, true), (Action::RetainPublish, publish.retain)]
        {
            if is_needed && !rights.allow(action, topic) {
                return Err(Denial::NotAuthorized(action));
            }
        }
        match destination(topic) {
            Destination::Unsupported => Err(Denial::Reserved),
            Destination::Report { .. } | Destination::RulesOnly if publish.retain => {
                Err(Denial::RetainReserved)
            }
            _ => Ok(()),
        }
    }

    /// Refuses as AWS does, or on a standard listener as gently as the protocol allows.
    fn deny(&mut self, publish: &PublishRequest, denial: Denial, now: Instant) {
        self.parts.shared.ledger.dropped(denial.booked(), 1);
        let is_authorization = matches!(denial, Denial::NotAuthorized(_));
        if is_authorization {
            self.parts.counters.authorization_failure(Some(&publish.topic));
        }
        self.log_publish(publish, Some(denial));
        if denial == Denial::Rate && !self.parts.pace.discarded.take(now) {
            let text = "too many publishes were beyond the rate in the last minute";
            let end = End::because(DisconnectReason::Throttled, text.into());
            return self.stop(end, DisconnectReasonCode::QuotaExceeded);
        }
        let (puback, disconnect) = denial.codes();
        let is_v5 = self.parts.link.is_v5();
        let is_aws = self.parts.door.rules.is_aws();
        match publish.qos {
            1 | 2 if is_v5 => {
                let reason = self.parts.wants_reasons.then(|| self.explain(publish, denial));
                let verdict = Verdict { code: puback, reason };
                self.answer(publish.qos, publish.packet_id, verdict);
            }
            // Discarded; the client of a 3.1.1 QoS 1 publish may try again.
            0 | 1 if denial.is_about_rate() => {}
            0 if !is_aws && is_authorization => {}
            // The standard leaves 3.1.1 two ways: to close, or to acknowledge and drop.
            1 | 2 if !is_aws && is_authorization => {
                self.answer(publish.qos, publish.packet_id, Verdict::TAKEN);
            }
            _ => {
                let reason = match is_authorization {
                    true => DisconnectReason::AuthError,
                    false => DisconnectReason::ClientError,
                };
                self.stop(End::because(reason, self.explain(publish, denial)), disconnect);
            }
        }
    }

    fn log_publish(&self, publish: &PublishRequest, denial: Option<Denial>) {
        let Some(log) = self.parts.shared.iot_log() else { return };
        let why = denial.map(|denial| (denial.logged(), self.explain(publish, denial)));
        let line = self.parts.shared.line(IotEvent::PublishIn, &self.parts.who, &self.parts.peer);
        log.write(&IotRecord {
            topic: Some(&publish.topic),
            retain: Some(publish.retain),
            failure: why.as_ref().map(|(reason, details)| (*reason, details.as_ref())),
            ..line
        });
    }

    /// Why, for the developer of the client.
    fn explain(&self, publish: &PublishRequest, denial: Denial) -> Cow<'static, str> {
        let rules = &self.parts.door.rules;
        match denial {
            Denial::NotAuthorized(action) => self.parts.rights.refusal(action, &publish.topic),
            Denial::Topic(problem) => {
                format!("the topic is not valid: {}", rules.in_words(problem)).into()
            }
            Denial::Reserved => "this reserved topic is not for clients to publish on".into(),
            Denial::RetainReserved => "nothing is retained on reserved topics".into(),
            Denial::Rate => {
                let rate = rules.publishes_per_second;
                format!("more than {rate} publishes per second on this connection").into()
            }
            Denial::AccountRate => "all clients together publish too often".into(),
        }
    }

    fn take(&mut self, publish: PublishRequest) {
        let shared = Arc::clone(&self.parts.shared);
        let (qos, packet_id) = (publish.qos, publish.packet_id);
        let outcome = move |failure, retained_full| {
            Settled::Publish(PublishOutcome { qos, packet_id, failure, retained_full })
        };
        let to = destination(&publish.topic);
        self.parts.counters.message_in(&publish.topic, publish.payload.len());
        self.log_publish(&publish, None);
        if let Destination::Report { thing, format } = to {
            let thing = thing.to_owned();
            let message = self.message(publish);
            let report = report::take(shared, thing, format, message);
            self.await_settling(report.map(move |failure| outcome(failure, false)).boxed());
            return;
        }
        let is_for_subscribers = to == Destination::Broker;
        let message = Arc::new(self.message(publish));
        let session = self.parts.attachment.session();
        let routed = is_for_subscribers.then(|| shared.broker.route(&message, Some(session)));
        let retained_full = routed.as_ref().is_some_and(|routed| routed.retained_full);
        let stored = routed.and_then(|routed| routed.stored);
        let tap = shared.broker.tap_for(&message.topic).map(Arc::clone);
        if stored.is_none() && tap.is_none() {
            return self.settle(outcome(None, retained_full));
        }
        let finished = finish(shared, message, stored, tap);
        self.await_settling(finished.map(move |failure| outcome(failure, retained_full)).boxed());
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
                client_id: Arc::clone(&self.parts.who.client_id),
                principal: Arc::clone(&self.parts.who.principal),
            },
            arrived: self.parts.shared.clock.now(),
            traces: Arc::default(),
            depth: 0,
        }
    }
}

/// Waits until the message is stored and its rules have run. Returns what went wrong.
async fn finish(
    shared: Arc<Shared>,
    message: Arc<Message>,
    stored: Option<Stored>,
    tap: Option<Arc<dyn MessageTap>>,
) -> Option<&'static str> {
    if let Some(stored) = stored {
        if let Err(error) = stored.wait().await {
            if shared.store_faults.failed(&error.to_string(), Instant::now()) {
                tracing::error!(topic = %message.topic, "messages for kept sessions cannot be stored; they are not acknowledged");
            }
            return Some("not_stored");
        }
        if let Some(failures) = shared.store_faults.worked(Instant::now()) {
            tracing::info!(failures, "messages for kept sessions are stored again");
        }
    }
    match tap {
        Some(tap) => report::run_rules(shared, tap, message).await,
        None => None,
    }
}
