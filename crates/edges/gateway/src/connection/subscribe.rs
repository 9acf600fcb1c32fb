//! SUBSCRIBE and UNSUBSCRIBE (spec iot-core §3.2, §3.5, §3.6).

use std::borrow::Cow;
use std::time::Instant;

use mqtt_protocol_core::mqtt::packet::{SubEntry, SubOpts};
use mqtt_protocol_core::mqtt::result_code::{
    DisconnectReasonCode, SubackReasonCode, UnsubackReasonCode,
};
use picket_broker::{SubscribeOptions, Subscribed};
use picket_policy::Action;
use picket_ports::connections::DisconnectReason;
use picket_ports::{IotEvent, IotRecord};
use picket_session::{Filter, TopicProblem};
use serde_json::json;

use super::client::Client;
use super::end::End;
use super::incoming::{SubscribeRequest, UnsubscribeRequest};
use super::outgoing;
use crate::iot_log::AUTHORIZATION_FAILURE;
use crate::reserved::can_be_subscribed;

/// Bytes of a filter that a reason repeats.
const SHOWN_BYTES_MAX: usize = 100;

/// A filter as a reason repeats it.
fn shown(filter: &str) -> Cow<'_, str> {
    let (start, rest) = filter.split_at(filter.floor_char_boundary(SHOWN_BYTES_MAX));
    match rest.is_empty() {
        true => start.into(),
        false => format!("{start}…").into(),
    }
}

/// Why a filter is refused.
struct Refused {
    code: SubackReasonCode,
    text: Cow<'static, str>,
    /// Ends the connection of a 3.1.1 client, which the code could not tell why.
    closes_v3: Option<DisconnectReason>,
}

impl Refused {
    fn new(code: SubackReasonCode, text: impl Into<Cow<'static, str>>) -> Self {
        Self { code, text: text.into(), closes_v3: None }
    }

    /// The reason in the IoT log.
    fn logged(&self) -> &'static str {
        match self.code {
            SubackReasonCode::NotAuthorized | SubackReasonCode::UnspecifiedError => {
                AUTHORIZATION_FAILURE
            }
            SubackReasonCode::QuotaExceeded => "QUOTA_EXCEEDED",
            _ => "INVALID_TOPIC_FILTER",
        }
    }

    fn closing(self, reason: Option<DisconnectReason>) -> Self {
        Self { closes_v3: reason, ..self }
    }
}

impl Client {
    pub(super) fn subscribe(&mut self, request: &SubscribeRequest, now: Instant) {
        if let Some((code, text)) = self.subscribe_breach(request) {
            return self.breach(code, text);
        }
        let is_v5 = self.parts.link.is_v5();
        let (mut codes, mut accepted) = (Vec::with_capacity(request.entries.len()), Vec::new());
        let mut reasons = String::new();
        let mut count = self.parts.attachment.subscription_count();
        for entry in &request.entries {
            let filter = entry.topic_filter();
            let judged = self.judge_filter(entry, count, now);
            self.log_subscribe(filter, judged.as_ref().err());
            match judged {
                Ok(code) => {
                    count += usize::from(!self.parts.attachment.is_subscribed(filter));
                    accepted.push(entry);
                    codes.push(code);
                }
                Err(Refused { text, closes_v3: Some(reason), .. }) if !is_v5 => {
                    let code = DisconnectReasonCode::TopicFilterInvalid;
                    return self.stop(End::because(reason, text), code);
                }
                Err(Refused { code, text, .. }) => {
                    let separator = if reasons.is_empty() { "" } else { "; " };
                    reasons.push_str(separator);
                    reasons.push_str(&text);
                    codes.push(code);
                }
            }
        }
        let mut topics = Vec::with_capacity(accepted.len());
        for entry in accepted {
            let options = self.options(entry.sub_opts(), request.id);
            let filter = entry.topic_filter();
            match self.parts.attachment.subscribe(filter, options) {
                Subscribed::New | Subscribed::Replaced => topics.push(filter),
                Subscribed::Refused => tracing::debug!(filter, "the session has ended"),
            }
        }
        // What the subscriptions bring at once waits in the session, so SUBACK comes first, unless it
        // has to wait for the disk.
        let reason = Some(&*reasons).filter(|it| !it.is_empty() && self.parts.wants_reasons);
        let suback = outgoing::suback(is_v5, request.packet_id, codes, reason);
        self.answer_stored(self.parts.attachment.stored(), suback);
        self.tell_of_topics("subscriptions/subscribed", &topics);
    }

    fn log_subscribe(&self, filter: &str, refused: Option<&Refused>) {
        let Some(log) = self.parts.shared.iot_log() else { return };
        let line = self.parts.shared.line(IotEvent::Subscribe, &self.parts.who, &self.parts.peer);
        let failure = refused.map(|refused| (refused.logged(), refused.text.as_ref()));
        log.write(&IotRecord { topic: Some(filter), failure, ..line });
    }

    fn tell_of_topics(&self, event: &str, topics: &[&str]) {
        if !topics.is_empty() {
            let parts = &self.parts;
            let now = parts.shared.clock.now();
            let topics = || json!({"topics": topics});
            parts.shared.lifecycle.tell(&parts.who, event, now, topics);
        }
    }

    fn options(&self, options: &SubOpts, id: Option<u32>) -> SubscribeOptions {
        SubscribeOptions {
            qos: options.qos() as u8,
            no_local: options.nl(),
            retain_as_published: options.rap(),
            retain_handling: options.rh() as u8,
            id,
            dialect: self.parts.door.rules.dialect,
        }
    }

    /// Faults for which the client is cut off.
    fn subscribe_breach(
        &self,
        request: &SubscribeRequest,
    ) -> Option<(DisconnectReasonCode, Cow<'static, str>)> {
        let rules = &self.parts.door.rules;
        let entries = &request.entries;
        if request.packet_id == 0 {
            return Some((DisconnectReasonCode::ProtocolError, "SUBSCRIBE has packet id 0".into()));
        }
        let (filters, max) = (entries.len(), rules.filters_per_subscribe_max);
        if filters > max {
            let text = format!("SUBSCRIBE has {filters} filters; at most {max} are allowed");
            return Some((DisconnectReasonCode::QuotaExceeded, text.into()));
        }
        if request.id.is_some() && rules.is_aws() {
            let code = DisconnectReasonCode::SubscriptionIdentifiersNotSupported;
            return Some((code, "subscription identifiers are not supported".into()));
        }
        let max_qos = rules.max_qos;
        if rules.is_aws() && entries.iter().any(|e| e.sub_opts().qos() as u8 > max_qos) {
            let text = format!("QoS 2 is not supported; at most {max_qos} is");
            return Some((DisconnectReasonCode::QosNotSupported, text.into()));
        }
        let is_shared = |entry: &SubEntry| entry.topic_filter().starts_with("$share/");
        if entries.iter().any(|entry| is_shared(entry) && entry.sub_opts().nl()) {
            let text = "a shared subscription cannot be no-local";
            return Some((DisconnectReasonCode::ProtocolError, text.into()));
        }
        None
    }

    /// The answer to one filter of a session that will have `count` subscriptions without it.
    fn judge_filter(
        &mut self,
        entry: &SubEntry,
        count: usize,
        now: Instant,
    ) -> Result<SubackReasonCode, Refused> {
        let text = entry.topic_filter();
        let rules = &self.parts.door.rules;
        let is_aws = rules.is_aws();
        let invalid = SubackReasonCode::TopicFilterInvalid;
        let filter = Filter::parse(text, &rules.topics).map_err(|problem| {
            let is_size = matches!(problem, TopicProblem::TooLong | TopicProblem::TooDeep);
            let why = format!("{} is not a valid filter: {}", shown(text), rules.in_words(problem));
            let refused = Refused::new(invalid, why);
            refused.closing((is_aws || !is_size).then_some(DisconnectReason::ClientError))
        })?;
        if !self.parts.rights.allow(Action::Subscribe, text) {
            self.parts.counters.authorization_failure(Some(text));
            let why = self.parts.rights.refusal(Action::Subscribe, text);
            let refused = Refused::new(self.parts.rights.subscribe_denial(), why);
            let closes = rules.close_on_denied_subscribe;
            return Err(refused.closing(closes.then_some(DisconnectReason::AuthError)));
        }
        if !can_be_subscribed(filter.pattern) {
            let refused = Refused::new(
                invalid,
                format!("{}: this reserved topic is not served", shown(text)),
            );
            return Err(refused.closing(is_aws.then_some(DisconnectReason::ClientError)));
        }
        if count >= rules.subscriptions_max && !self.parts.attachment.is_subscribed(text) {
            let max = rules.subscriptions_max;
            let why = format!("a session has {max} subscriptions at most");
            return Err(Refused::new(SubackReasonCode::QuotaExceeded, why));
        }
        if !self.parts.shared.rates.subscribes.take(now) {
            let why = "all clients together subscribe too often; try again later";
            return Err(Refused::new(SubackReasonCode::QuotaExceeded, why));
        }
        Ok(match (entry.sub_opts().qos() as u8).min(rules.max_qos) {
            0 => SubackReasonCode::GrantedQos0,
            1 => SubackReasonCode::GrantedQos1,
            _ => SubackReasonCode::GrantedQos2,
        })
    }

    pub(super) fn unsubscribe(&mut self, request: &UnsubscribeRequest) {
        if request.packet_id == 0 {
            return self.breach(DisconnectReasonCode::ProtocolError, "UNSUBSCRIBE has packet id 0");
        }
        let (mut codes, mut topics) = (Vec::with_capacity(request.filters.len()), Vec::new());
        let (mut reasons, rules) = (Vec::new(), &self.parts.door.rules);
        for filter in &request.filters {
            let code = match self.parts.attachment.unsubscribe(filter) {
                true => {
                    topics.push(filter.as_str());
                    UnsubackReasonCode::Success
                }
                false => match Filter::parse(filter, &rules.topics) {
                    Ok(_) => UnsubackReasonCode::NoSubscriptionExisted,
                    Err(problem) => {
                        let (filter, why) = (shown(filter), rules.in_words(problem));
                        reasons.push(format!("{filter} is not a valid filter: {why}"));
                        UnsubackReasonCode::TopicFilterInvalid
                    }
                },
            };
            codes.push(code);
        }
        let is_v5 = self.parts.link.is_v5();
        let wants_reasons = self.parts.wants_reasons && !reasons.is_empty();
        let reason = wants_reasons.then(|| reasons.join("; "));
        let unsuback = outgoing::unsuback(is_v5, request.packet_id, codes, reason.as_deref());
        self.answer_stored(self.parts.attachment.stored(), unsuback);
        self.tell_of_topics("subscriptions/unsubscribed", &topics);
    }
}
