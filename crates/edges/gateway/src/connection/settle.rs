//! Publishes that are acknowledged once something is on disk.

use futures::future::BoxFuture;
use mqtt_protocol_core::mqtt::result_code::{DisconnectReasonCode, PubackReasonCode};

use super::client::Client;
use super::end::End;
use super::outgoing::{self, Verdict};

/// The outcome of a publish.
#[derive(Debug)]
pub(crate) struct Settled {
    pub(crate) qos: u8,
    pub(crate) packet_id: u16,
    /// What kept it from being stored: a reason for the account book.
    pub(crate) failure: Option<&'static str>,
}

/// A publish on its way to the disk.
pub(crate) type Pending = BoxFuture<'static, Settled>;

impl Client {
    /// Books the outcome and acknowledges. What was not stored is never acknowledged: MQTT 5 clients
    /// are told, others are disconnected so that they send it again.
    pub(super) fn settle(&mut self, settled: Settled) {
        let ledger = &self.parts.shared.ledger;
        match settled.failure {
            None => ledger.delivered(1),
            Some(reason) => ledger.dropped(reason, 1),
        }
        let v5 = self.parts.link.is_v5();
        match settled.failure {
            _ if settled.qos == 0 => {}
            None => self.answer(settled.qos, settled.packet_id, Verdict::TAKEN),
            Some(_) if v5 => {
                let reason = Some("the message could not be stored; send it again later");
                let verdict = Verdict { code: PubackReasonCode::UnspecifiedError, reason };
                self.answer(settled.qos, settled.packet_id, verdict);
            }
            Some(_) => {
                // What it is told on `…/rejected` goes first.
                self.hand_out();
                self.stop(End::ServerError, DisconnectReasonCode::UnspecifiedError, None);
            }
        }
    }

    /// PUBACK or PUBREC.
    pub(super) fn answer(&mut self, qos: u8, packet_id: u16, verdict: Verdict) {
        // Also if the client has gone: sent again, it must not be taken for another message.
        if qos == 2 && verdict.code == PubackReasonCode::Success {
            self.parts.attachment.published_exactly_once(packet_id);
        }
        // A client that has left by DISCONNECT or was cut off gets no more answers.
        if qos == 0 || self.parts.link.is_closing || self.end.is_some_and(|e| e != End::ServerStops)
        {
            return;
        }
        let reason = verdict.reason.filter(|_| self.parts.wants_reasons);
        let verdict = Verdict { reason, ..verdict };
        let v5 = self.parts.link.is_v5();
        self.send(outgoing::publish_answer(v5, qos, packet_id, verdict));
    }
}
