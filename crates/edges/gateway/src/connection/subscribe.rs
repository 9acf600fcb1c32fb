//! SUBSCRIBE and UNSUBSCRIBE (spec iot-core §3.2, §3.5, §3.6).

use mqtt_protocol_core::mqtt::packet::{SubEntry, SubOpts};
use mqtt_protocol_core::mqtt::result_code::{
    DisconnectReasonCode, SubackReasonCode, UnsubackReasonCode,
};
use picket_broker::{SubscribeOptions, Subscribed};
use picket_policy::Action;
use picket_session::{Filter, TopicProblem};

use super::client::Client;
use super::end::End;
use super::incoming::{SubscribeRequest, UnsubscribeRequest};
use super::outgoing;
use crate::reserved::can_be_subscribed;

impl Client {
    pub(super) fn subscribe(&mut self, request: &SubscribeRequest) {
        if let Some((code, reason)) = self.subscribe_breach(request) {
            self.stop(End::ClientError, code, Some(reason));
            return;
        }
        let mut codes = Vec::with_capacity(request.entries.len());
        let mut accepted = Vec::new();
        let mut count = self.parts.attachment.subscription_count();
        for entry in &request.entries {
            let code = self.judge_filter(entry, count);
            if self.end.is_some() {
                return;
            }
            if (code as u8) < 0x80 {
                count += usize::from(!self.parts.attachment.is_subscribed(entry.topic_filter()));
                accepted.push(entry);
            }
            codes.push(code);
        }
        // Before the retained messages that the subscriptions bring.
        self.send(outgoing::suback(self.parts.link.is_v5(), request.packet_id, codes));
        for entry in accepted {
            let options = self.options(entry.sub_opts(), request.id);
            let done = self.parts.attachment.subscribe(entry.topic_filter(), options);
            if done == Subscribed::Refused {
                tracing::debug!(filter = entry.topic_filter(), "the session has ended");
            }
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
    ) -> Option<(DisconnectReasonCode, &'static str)> {
        let rules = &self.parts.door.rules;
        let entries = &request.entries;
        if request.packet_id == 0 {
            return Some((DisconnectReasonCode::ProtocolError, "packet id 0"));
        }
        if entries.len() > rules.filters_per_subscribe_max {
            return Some((DisconnectReasonCode::QuotaExceeded, "too many filters in a SUBSCRIBE"));
        }
        if request.id.is_some() && rules.is_aws() {
            let code = DisconnectReasonCode::SubscriptionIdentifiersNotSupported;
            return Some((code, "subscription identifiers are not supported"));
        }
        let max_qos = rules.max_qos;
        if rules.is_aws() && entries.iter().any(|e| e.sub_opts().qos() as u8 > max_qos) {
            return Some((DisconnectReasonCode::QosNotSupported, "QoS 2 is not supported"));
        }
        let is_shared = |entry: &SubEntry| entry.topic_filter().starts_with("$share/");
        if entries.iter().any(|entry| is_shared(entry) && entry.sub_opts().nl()) {
            let reason = "a shared subscription cannot be no-local";
            return Some((DisconnectReasonCode::ProtocolError, reason));
        }
        None
    }

    /// The answer to one filter of a session that will have `count` subscriptions without it.
    fn judge_filter(&mut self, entry: &SubEntry, count: usize) -> SubackReasonCode {
        let text = entry.topic_filter();
        let rules = &self.parts.door.rules;
        let is_v5 = self.parts.link.is_v5();
        let filter = match Filter::parse(text, &rules.topics) {
            Ok(filter) => filter,
            Err(TopicProblem::TooLong | TopicProblem::TooDeep) if !rules.is_aws() || is_v5 => {
                return SubackReasonCode::TopicFilterInvalid;
            }
            Err(_) if is_v5 => return SubackReasonCode::TopicFilterInvalid,
            Err(_) => {
                self.stop(End::ClientError, DisconnectReasonCode::TopicFilterInvalid, None);
                return SubackReasonCode::TopicFilterInvalid;
            }
        };
        if !self.parts.rights.allow(Action::Subscribe, text) {
            self.parts.counters.authorization_failure(Some(text));
            return self.parts.rights.subscribe_denial();
        }
        if !can_be_subscribed(filter.pattern) {
            if !is_v5 && rules.is_aws() {
                self.stop(End::ClientError, DisconnectReasonCode::TopicFilterInvalid, None);
            }
            return SubackReasonCode::TopicFilterInvalid;
        }
        let is_full = count >= rules.subscriptions_max;
        if is_full && !self.parts.attachment.is_subscribed(text) {
            return SubackReasonCode::QuotaExceeded;
        }
        match (entry.sub_opts().qos() as u8).min(rules.max_qos) {
            0 => SubackReasonCode::GrantedQos0,
            1 => SubackReasonCode::GrantedQos1,
            _ => SubackReasonCode::GrantedQos2,
        }
    }

    pub(super) fn unsubscribe(&mut self, request: &UnsubscribeRequest) {
        if request.packet_id == 0 {
            self.stop(End::ClientError, DisconnectReasonCode::ProtocolError, Some("packet id 0"));
            return;
        }
        let attachment = &self.parts.attachment;
        let code = |filter: &String| match attachment.unsubscribe(filter) {
            true => UnsubackReasonCode::Success,
            false => UnsubackReasonCode::NoSubscriptionExisted,
        };
        let codes = request.filters.iter().map(code).collect();
        self.send(outgoing::unsuback(self.parts.link.is_v5(), request.packet_id, codes));
    }
}
