//! A client that has been let in: its loop.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use futures::stream::FuturesOrdered;
use mqtt_protocol_core::mqtt::result_code::DisconnectReasonCode;
use picket_broker::{Attachment, Departure};
use picket_ports::DeviceCounters;
use picket_ports::registry::CertificateStatus;
use serde_json::json;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

use super::bucket::Bucket;
use super::deliver::Aliases;
use super::end::End;
use super::incoming::{self, Incoming};
use super::io::Io;
use super::link::Link;
use super::outgoing;
use super::settle::Pending;
use crate::door::Door;
use crate::gateway::Shared;
use crate::lifecycle::EventSource;
use crate::live::Control;
use crate::rights::{Caller, Rights};

/// Messages handed out before the socket is looked at again.
const BATCH_MAX: usize = 32;
/// How long publishes that were taken may need once the connection ends.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(10);

/// What a [`Client`] is made of.
pub(crate) struct ClientParts {
    pub(crate) link: Link,
    pub(crate) shared: Arc<Shared>,
    pub(crate) door: Arc<Door>,
    pub(crate) control: Arc<Control>,
    pub(crate) attachment: Attachment,
    pub(crate) caller: Option<Caller>,
    pub(crate) rights: Rights,
    pub(crate) counters: Arc<dyn DeviceCounters>,
    pub(crate) source: EventSource,
    pub(crate) client_id: Arc<str>,
    pub(crate) principal: Arc<str>,
    pub(crate) alias_max: u16,
    pub(crate) wants_reasons: bool,
    /// One and a half times the keep-alive.
    pub(crate) keep_alive: Option<Duration>,
}

pub(crate) struct Client {
    pub(super) parts: ClientParts,
    pub(super) aliases: Aliases,
    pub(super) bucket: Bucket,
    /// Publishes taken whose acknowledgement waits for a disk.
    pub(super) pending: FuturesOrdered<Pending>,
    pub(super) end: Option<End>,
    last_packet: Instant,
}

impl Client {
    pub(crate) fn new(parts: ClientParts) -> Self {
        let now = Instant::now();
        Self {
            aliases: Aliases::new(parts.alias_max),
            bucket: Bucket::new(parts.door.rules.publishes_per_second, now),
            pending: FuturesOrdered::new(),
            end: None,
            last_packet: now,
            parts,
        }
    }

    /// Serves the client until there is an [`End`].
    pub(crate) async fn serve<S: AsyncRead + AsyncWrite + Unpin>(&mut self, io: &mut Io<S>) {
        let control = Arc::clone(&self.parts.control);
        let alarm = tokio::time::sleep(self.parts.keep_alive.unwrap_or_default());
        tokio::pin!(alarm);
        loop {
            self.take_in(io);
            self.hand_out();
            if io.write(&mut self.parts.link.output).await.is_err() {
                self.end.get_or_insert(End::Lost);
            }
            if self.end.is_some() {
                return;
            }
            let has_room = self.has_room();
            tokio::select! {
                Some(settled) = self.pending.next(), if !self.pending.is_empty() => {
                    self.settle(settled);
                }
                () = control.wake.notified() => self.look_up(),
                read = io.read(), if has_room => match read {
                    Ok(1..) => self.last_packet = Instant::now(),
                    Ok(0) | Err(_) => self.end = Some(End::Lost),
                },
                () = &mut alarm, if self.parts.keep_alive.is_some() => {
                    let limit = self.parts.keep_alive.unwrap_or_default();
                    if !has_room {
                        // It is we who do not read at the moment.
                        self.last_packet = Instant::now();
                    }
                    if self.last_packet.elapsed() >= limit {
                        self.stop(End::KeepAlive, DisconnectReasonCode::KeepAliveTimeout, None);
                    } else {
                        alarm.as_mut().reset((self.last_packet + limit).into());
                    }
                }
            }
        }
    }

    /// Finishes what was taken, says the last words and leaves the session.
    pub(crate) async fn finish<S: AsyncRead + AsyncWrite + Unpin>(mut self, io: &mut Io<S>) {
        let end = self.end.unwrap_or(End::Lost);
        let settling = async {
            while let Some(settled) = self.pending.next().await {
                self.settle(settled);
            }
        };
        if timeout(SETTLE_TIMEOUT, settling).await.is_err() {
            let late = self.pending.len() as u64;
            self.parts.shared.ledger.dropped("connection_ended", late);
        }
        if end == End::ServerStops {
            self.stop(end, DisconnectReasonCode::ServerShuttingDown, None);
        }
        io.has_last_words = !matches!(end, End::Lost | End::Client { .. });
        if let Err(error) = io.write(&mut self.parts.link.output).await {
            tracing::trace!(%error, "last words were not taken");
        }
        let parts = self.parts;
        let number = parts.attachment.connection_number().saturating_sub(1);
        let departure = match end {
            End::Client { with_will: false, expiry_seconds } => {
                Departure::Graceful { expiry_seconds }
            }
            End::Client { with_will: true, expiry_seconds } => {
                Departure::WithWill { expiry_seconds }
            }
            _ => Departure::WithWill { expiry_seconds: None },
        };
        parts.attachment.leave(departure, end.reason());
        parts.counters.disconnected();
        let more = json!({
            "clientInitiatedDisconnect": matches!(end, End::Client { .. }),
            "disconnectReason": end.reason().as_str(),
            "versionNumber": number,
        });
        let now = parts.shared.clock.now();
        parts.source.publish(&parts.shared.broker, "presence/disconnected", more, now).await;
    }

    /// Whether another publish may be taken; if not, the client's bytes wait in its socket.
    fn has_room(&self) -> bool {
        self.pending.len() < usize::from(self.parts.door.rules.receive_maximum)
    }

    /// Acts on the packets that have come in.
    fn take_in<S: AsyncRead + AsyncWrite + Unpin>(&mut self, io: &mut Io<S>) {
        let mut used = 0;
        while self.end.is_none() && self.has_room() {
            let rest = io.input.get(used..).unwrap_or_default();
            if rest.is_empty() {
                break;
            }
            let (count, packet) = self.parts.link.receive(rest);
            used += count;
            if let Some(packet) = packet {
                self.act(incoming::read(packet));
            }
            if self.parts.link.is_closing {
                self.end.get_or_insert(End::ClientError);
            }
        }
        io.consume(used);
    }

    fn act(&mut self, incoming: Incoming) {
        match incoming {
            Incoming::Publish(publish) => self.published(publish),
            Incoming::Subscribe(subscribe) => self.subscribe(&subscribe),
            Incoming::Unsubscribe(unsubscribe) => self.unsubscribe(&unsubscribe),
            Incoming::Acknowledged(id) => self.parts.attachment.acknowledged(id),
            Incoming::Completed(id) => self.parts.attachment.completed(id),
            Incoming::Received(id) => {
                self.parts.attachment.received(id);
                let packet = outgoing::release(self.parts.link.is_v5(), id);
                self.send(packet);
            }
            Incoming::Released(id) => {
                let was_open = self.parts.attachment.released(id);
                let packet = outgoing::complete(self.parts.link.is_v5(), id, was_open);
                self.send(packet);
            }
            Incoming::Ping => {}
            Incoming::Disconnect { with_will, expiry_seconds } => {
                self.disconnect(with_will, expiry_seconds);
            }
            Incoming::Unexpected => {
                let reason = Some("this packet is not supported");
                self.stop(End::ClientError, DisconnectReasonCode::ProtocolError, reason);
            }
        }
    }

    fn disconnect(&mut self, with_will: bool, expiry_seconds: Option<u32>) {
        // A session that was to end with its connection cannot be prolonged on leaving.
        if expiry_seconds.is_some_and(|s| s > 0) && self.parts.attachment.expiry_seconds() == 0 {
            self.stop(End::ClientError, DisconnectReasonCode::ProtocolError, None);
            return;
        }
        let max = self.parts.door.rules.session_expiry_seconds_max;
        let expiry_seconds = expiry_seconds.map(|seconds| seconds.min(max));
        self.end = Some(End::Client { with_will, expiry_seconds });
    }

    /// Somebody woke us: a takeover, a change in the registry, the end of the server, or messages.
    fn look_up(&mut self) {
        let control = Arc::clone(&self.parts.control);
        if self.parts.attachment.is_taken_over() {
            self.stop(End::TakenOver, DisconnectReasonCode::SessionTakenOver, None);
            return;
        }
        if control.take_check_certificate() && !self.has_active_certificate() {
            let reason = Some("the certificate is not active");
            self.stop(End::AuthError, DisconnectReasonCode::NotAuthorized, reason);
            return;
        }
        if control.take_rights_changed()
            && let Some(caller) = &self.parts.caller
        {
            let shared = &self.parts.shared;
            let directory = shared.directory.as_ref();
            self.parts.rights = shared.policies.rights(directory, &shared.account, caller);
        }
        if control.is_stopping() {
            // The last words follow the last acknowledgements.
            self.end.get_or_insert(End::ServerStops);
        }
    }

    fn has_active_certificate(&self) -> bool {
        let Some(id) = &self.parts.control.certificate else { return true };
        let entry = self.parts.shared.directory.certificate(id);
        entry.is_some_and(|entry| entry.status == CertificateStatus::Active)
    }

    /// Ends the connection; MQTT 5 clients are told why.
    pub(super) fn stop(
        &mut self,
        end: End,
        code: DisconnectReasonCode,
        reason: Option<&'static str>,
    ) {
        self.end.get_or_insert(end);
        if self.parts.link.is_v5() && !self.parts.link.is_closing {
            let reason = reason.filter(|_| self.parts.wants_reasons);
            self.send(outgoing::disconnect(code, reason));
        }
    }

    /// Sends an answer. One that cannot be built or does not fit ends the connection.
    pub(super) fn send(
        &mut self,
        packet: Result<
            mqtt_protocol_core::mqtt::packet::Packet,
            mqtt_protocol_core::mqtt::result_code::MqttError,
        >,
    ) {
        if let Err(error) = packet.and_then(|packet| self.parts.link.send(packet)) {
            tracing::debug!(%error, client_id = %self.parts.client_id, "an answer was not sent");
            self.end.get_or_insert(End::ClientError);
        }
    }

    /// Puts what the session has into the output.
    pub(super) fn hand_out(&mut self) {
        if self.end.is_some() {
            return;
        }
        let mut effects = Vec::new();
        let (rights, counters) = (&self.parts.rights, &self.parts.counters);
        let mut allow = |message: &picket_ports::Message| {
            let allowed = rights.allow(picket_policy::Action::Receive, &message.topic);
            if !allowed {
                counters.authorization_failure(Some(&message.topic));
            }
            allowed
        };
        self.parts.attachment.fill(BATCH_MAX, &mut allow, &mut effects);
        if effects.len() >= BATCH_MAX {
            // There may be more; the socket gets its turn first.
            self.parts.control.wake.notify_one();
        }
        self.perform(effects);
    }
}
