//! Answers that wait until something is on disk.

use futures::FutureExt as _;
use futures::future::BoxFuture;
use mqtt_protocol_core::mqtt::packet::Packet;
use mqtt_protocol_core::mqtt::result_code::{DisconnectReasonCode, PubackReasonCode};
use picket_broker::Stored;
use picket_ports::connections::DisconnectReason;

use super::client::Client;
use super::end::End;
use super::outgoing::{self, Verdict};

/// What has come of something that was waited for.
#[derive(Debug)]
pub(super) enum Settled {
    /// A publish.
    Publish(PublishOutcome),
    /// A change of the session, with its answer; `None` if it was not stored.
    Session(Option<Box<Packet>>),
}

/// The outcome of a publish.
#[derive(Debug)]
pub(super) struct PublishOutcome {
    pub(super) qos: u8,
    pub(super) packet_id: u16,
    /// What kept it from being stored: a reason for the account book.
    pub(super) failure: Option<&'static str>,
    /// There was no room to retain it.
    pub(super) retained_full: bool,
}

/// Something on its way to the disk.
pub(super) type Pending = BoxFuture<'static, Settled>;

impl Client {
    /// Sends `answer` once what it speaks of is stored.
    pub(super) fn answer_stored(
        &mut self,
        stored: Option<Stored>,
        answer: Result<Packet, mqtt_protocol_core::mqtt::result_code::MqttError>,
    ) {
        match (stored, answer) {
            (Some(stored), Ok(answer)) => {
                let answer = Box::new(answer);
                let settled = async move {
                    let is_stored = stored.wait().await.is_ok();
                    Settled::Session(is_stored.then_some(answer))
                };
                self.await_settling(settled.boxed());
            }
            (_, answer) => self.send(answer),
        }
    }

    pub(super) fn settle(&mut self, settled: Settled) {
        match settled {
            Settled::Publish(outcome) => self.settle_publish(&outcome),
            Settled::Session(Some(_)) if self.is_past_answers() => {}
            Settled::Session(Some(answer)) => self.send(Ok(*answer)),
            Settled::Session(None) => {
                let text = "the session could not be stored; try again later";
                let end = End::because(DisconnectReason::ServerError, text.into());
                self.stop(end, DisconnectReasonCode::UnspecifiedError);
            }
        }
    }

    /// Books the outcome and acknowledges. What was not stored is never acknowledged: MQTT 5 clients
    /// are told, others are disconnected so that they send it again.
    fn settle_publish(&mut self, outcome: &PublishOutcome) {
        let ledger = &self.parts.shared.ledger;
        match outcome.failure {
            None => ledger.delivered(1),
            Some(reason) => ledger.dropped(reason, 1),
        }
        let v5 = self.parts.link.is_v5();
        match outcome.failure {
            _ if outcome.qos == 0 => {}
            None if outcome.retained_full && v5 => {
                let reason = Some("no more messages can be retained; subscribers got it".into());
                let verdict = Verdict { code: PubackReasonCode::QuotaExceeded, reason };
                self.answer(outcome.qos, outcome.packet_id, verdict);
            }
            None => self.answer(outcome.qos, outcome.packet_id, Verdict::TAKEN),
            Some(_) if v5 => {
                let reason = Some("the message could not be stored; send it again later".into());
                let verdict = Verdict { code: PubackReasonCode::UnspecifiedError, reason };
                self.answer(outcome.qos, outcome.packet_id, verdict);
            }
            Some(_) => {
                // What it is told on `…/rejected` goes first.
                self.hand_out(std::time::Instant::now());
                let text = "a message could not be stored; send it again later";
                let end = End::because(DisconnectReason::ServerError, text.into());
                self.stop(end, DisconnectReasonCode::UnspecifiedError);
            }
        }
    }

    /// PUBACK or PUBREC.
    pub(super) fn answer(&mut self, qos: u8, packet_id: u16, verdict: Verdict) {
        // Also if the client has gone: sent again, it must not be taken for another message.
        if qos == 2 && verdict.code == PubackReasonCode::Success {
            self.parts.attachment.published_exactly_once(packet_id);
        }
        if qos == 0 || self.is_past_answers() {
            return;
        }
        let v5 = self.parts.link.is_v5();
        let reason = verdict.reason.filter(|_| self.parts.wants_reasons);
        let verdict = Verdict { reason, ..verdict };
        self.send(outgoing::publish_answer(v5, qos, packet_id, &verdict));
    }

    /// Whether the client has left by DISCONNECT or was cut off, so that it gets no more answers.
    fn is_past_answers(&self) -> bool {
        let stops = |end: &End| end.reason == DisconnectReason::ServerInitiatedDisconnect;
        self.parts.link.is_closing || !self.end.as_ref().is_none_or(stops)
    }
}
