//! A client that has been let in: its loop.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use futures::stream::FuturesOrdered;
use mqtt_protocol_core::mqtt::packet::Packet;
use mqtt_protocol_core::mqtt::result_code::{DisconnectReasonCode, MqttError};
use picket_broker::{Attachment, Departure};
use picket_ports::connection_log::ConnectionEventKind;
use picket_ports::connections::DisconnectReason;
use picket_ports::{DeviceCounters, IotEvent, IotRecord};
use serde_json::json;
use tokio::time::timeout;

use super::deliver::Aliases;
use super::end::{End, Parting};
use super::incoming::{self, Incoming};
use super::io::Io;
use super::link::Link;
use super::pace::Pace;
use super::settle::{Pending, Settled};
use super::{Peer, outgoing};
use crate::door::Door;
use crate::lifecycle::Who;
use crate::live::Control;
use crate::rights::Rights;
use crate::shared::Shared;

/// How long publishes that were taken may need once the connection ends.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(10);
/// The same if the connection is withdrawn, which has to be done within a second.
const WITHDRAWAL_TIMEOUT: Duration = Duration::from_millis(250);
/// How long the last words may take.
const LAST_WORDS_TIMEOUT: Duration = Duration::from_secs(2);
/// An alarm that is not needed rings this late.
const FAR: Duration = Duration::from_secs(24 * 3600);

/// What a [`Client`] is made of.
pub(super) struct ClientParts {
    pub(super) link: Link,
    pub(super) pace: Pace,
    pub(super) peer: Peer,
    pub(super) shared: Arc<Shared>,
    pub(super) door: Arc<Door>,
    pub(super) control: Arc<Control>,
    pub(super) attachment: Attachment,
    pub(super) rights: Rights,
    pub(super) counters: Arc<dyn DeviceCounters>,
    pub(super) who: Who,
    /// The session outlives the connection.
    pub(super) is_persistent: bool,
    pub(super) will_topic: Option<Box<str>>,
    /// `versionNumber` of the lifecycle events.
    pub(super) version: u64,
    pub(super) alias_max: u16,
    pub(super) wants_reasons: bool,
    /// One and a half times the keep-alive.
    pub(super) keep_alive: Option<Duration>,
    /// When the connection has lived for as long as it may.
    pub(super) expires: Option<Instant>,
}

pub(super) struct Client {
    pub(super) parts: ClientParts,
    pub(super) aliases: Aliases,
    /// Answers that wait for a disk; absent as long as there was none.
    pub(super) pending: Option<Box<FuturesOrdered<Pending>>>,
    pub(super) end: Option<End>,
    /// When a rate lets go on what it holds back.
    pub(super) held_until: Option<Instant>,
    /// Since when the peer has not taken what was written.
    stuck_since: Option<Instant>,
    last_packet: Instant,
}

impl Client {
    pub(super) fn new(parts: ClientParts) -> Self {
        Self {
            aliases: Aliases::new(parts.alias_max),
            pending: None,
            end: None,
            held_until: None,
            stuck_since: None,
            last_packet: Instant::now(),
            parts,
        }
    }

    /// Serves the client until there is an [`End`].
    pub(super) async fn serve(&mut self, io: &mut Io) {
        let control = Arc::clone(&self.parts.control);
        let alarm = tokio::time::sleep(FAR);
        tokio::pin!(alarm);
        loop {
            if control.is_told() {
                self.look_up(io.stream().certificate());
            }
            let now = Instant::now();
            // Nothing more for a peer that does not read what it has.
            if self.stuck_since.is_none() {
                self.take_in(io, now);
                self.hand_out(now);
            }
            if self.end.is_some() || !self.write(io, now).await {
                return;
            }
            if self.stuck_since.is_some() {
                self.look_up(io.stream().certificate());
                continue;
            }
            let reads = self.has_room() && self.parts.pace.bytes.next(now).is_none();
            if !reads {
                // It is we who do not read at the moment.
                self.last_packet = now;
            }
            let due = tokio::time::Instant::from_std(self.due(now));
            if due < alarm.deadline() {
                alarm.as_mut().reset(due);
            }
            tokio::select! {
                Some(settled) = next(&mut self.pending), if self.waiting() > 0 => {
                    self.settle(settled);
                }
                () = control.wake.notified() => self.look_up(io.stream().certificate()),
                read = io.read(), if reads => self.has_read(io, read),
                () = &mut alarm => {
                    self.ring();
                    alarm.as_mut().reset(tokio::time::Instant::now() + FAR);
                }
            }
        }
    }

    /// Writes what there is to be written. False if the connection has ended.
    async fn write(&mut self, io: &mut Io, now: Instant) -> bool {
        let output = &mut self.parts.link.output;
        if output.is_empty() && self.stuck_since.is_none() {
            return true;
        }
        let before = output.len();
        let written = io.write(output, Some(&self.parts.control.wake)).await;
        self.parts.pace.bytes.spend(before - output.len(), now);
        let is_late = |since: Instant| since.elapsed() >= self.parts.shared.write_timeout();
        match written {
            Ok(true) => self.stuck_since = None,
            Ok(false) if !self.stuck_since.is_some_and(is_late) => {
                self.stuck_since.get_or_insert(now);
            }
            Ok(false) | Err(_) => {
                let text = "the peer does not read, or its socket has failed";
                let lost = End::because(DisconnectReason::ConnectionLost, text.into());
                self.end.get_or_insert(lost);
            }
        }
        self.end.is_none()
    }

    fn has_read(&mut self, io: &Io, read: std::io::Result<usize>) {
        match read {
            Ok(count @ 1..) => self.parts.pace.bytes.spend(count, Instant::now()),
            Ok(0) if io.stream().has_said_goodbye() => self.end = Some(End::by_client(false, None)),
            Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
                let text = format!("what came makes no sense: {error}");
                self.end = Some(End::because(DisconnectReason::ClientError, text.into()));
            }
            Ok(_) | Err(_) => self.end = Some(End::plain(DisconnectReason::ConnectionLost)),
        }
    }

    /// When there is something to do even if nothing happens.
    fn due(&mut self, now: Instant) -> Instant {
        let keep_alive = self.parts.keep_alive.map(|limit| self.last_packet + limit);
        let bytes = self.parts.pace.bytes.next(now);
        let times = [keep_alive, self.parts.expires, bytes, self.held_until];
        times.into_iter().flatten().min().unwrap_or(now + FAR)
    }

    /// The alarm: looks at what is overdue.
    fn ring(&mut self) {
        let now = Instant::now();
        let limit = self.parts.keep_alive;
        if limit.is_some_and(|limit| now.saturating_duration_since(self.last_packet) >= limit) {
            self.stop(
                End::because(
                    DisconnectReason::MqttKeepAliveTimeout,
                    "nothing came for one and a half times the keep-alive".into(),
                ),
                DisconnectReasonCode::KeepAliveTimeout,
            );
        } else if self.parts.expires.is_some_and(|at| at <= now) {
            self.stop(
                End::because(
                    DisconnectReason::WebsocketTtlExpiration,
                    "the WebSocket has lived for as long as it may; connect again".into(),
                ),
                DisconnectReasonCode::AdministrativeAction,
            );
        }
    }

    /// Finishes what was taken, says the last words and leaves the session.
    pub(super) async fn finish(mut self: Box<Self>, io: &mut Io) {
        let lost = || End::plain(DisconnectReason::ConnectionLost);
        let end = self.end.clone().unwrap_or_else(lost);
        let settling = async {
            while let Some(settled) = next(&mut self.pending).await {
                self.settle(settled);
            }
        };
        let patience = if end.is_withdrawal() { WITHDRAWAL_TIMEOUT } else { SETTLE_TIMEOUT };
        if timeout(patience, settling).await.is_err() {
            let late = self.waiting() as u64;
            self.parts.shared.ledger.dropped("connection_ended", late);
        }
        if end.reason == DisconnectReason::ServerInitiatedDisconnect {
            self.stop(end.clone(), DisconnectReasonCode::ServerShuttingDown);
        }
        // Nothing for a peer that does not read.
        let is_stuck = self.stuck_since.is_some();
        let mut output = std::mem::take(&mut self.parts.link.output);
        io.has_last_words = !end.is_by_peer() && !is_stuck && !output.is_empty();
        // Before the last words, so that others learn of it without waiting for the peer.
        self.leave(end);
        if !is_stuck && !output.is_empty() {
            io.write_timeout = io.write_timeout.min(LAST_WORDS_TIMEOUT);
            if let Err(error) = io.write(&mut output, None).await {
                tracing::trace!(%error, "last words were not taken");
            }
        }
    }

    fn leave(self: Box<Self>, end: End) {
        let ClientParts { shared, who, attachment, counters, .. } = &self.parts;
        let session_seconds = match end.parting {
            Parting::ByClient { expiry_seconds: Some(seconds), .. } => seconds,
            _ => attachment.expiry_seconds(),
        };
        counters.disconnected();
        let mut event =
            self.parts.peer.event(ConnectionEventKind::Disconnected, &self.parts.door, shared);
        event.client_id = Some(Arc::clone(&who.client_id));
        event.thing = who.thing.clone();
        event.principal = Some(Arc::clone(&who.principal));
        let level = if self.parts.link.is_v5() { 5 } else { 4 };
        event.protocol = Some(self.parts.peer.protocol(level));
        event.reason = Some(end.reason.as_str());
        event.detail = end.detail.map(|detail| detail.as_ref().into());
        let parts = self.parts;
        let kept = Duration::from_secs(u64::from(session_seconds));
        let clients = &parts.shared.clients;
        clients.depart(&parts.who.client_id, parts.pace.publishes, kept, Instant::now());
        let departure = match end.parting {
            Parting::ByClient { with_will: false, expiry_seconds } => {
                Departure::Graceful { expiry_seconds }
            }
            Parting::ByClient { with_will: true, expiry_seconds } => {
                Departure::WithWill { expiry_seconds }
            }
            Parting::WithWill => Departure::WithWill { expiry_seconds: None },
        };
        parts.attachment.leave(departure, end.reason);
        let now = parts.shared.clock.now();
        parts.shared.lifecycle.tell(&parts.who, "presence/disconnected", now, || {
            json!({
                "clientInitiatedDisconnect":
                    end.reason == DisconnectReason::ClientInitiatedDisconnect,
                "disconnectReason": end.reason.as_str(),
                "versionNumber": parts.version,
            })
        });
        if let Some(log) = parts.shared.iot_log() {
            let line = parts.shared.line(IotEvent::Disconnect, &parts.who, &parts.peer);
            log.write(&IotRecord { disconnect_reason: Some(end.reason.as_str()), ..line });
        }
        parts.shared.log.add(event);
    }

    /// Whether another publish may be taken; if not, the client's bytes wait in its socket.
    fn has_room(&self) -> bool {
        self.waiting() < usize::from(self.parts.door.rules.receive_maximum)
    }

    /// Answers that wait.
    fn waiting(&self) -> usize {
        self.pending.as_ref().map_or(0, |pending| pending.len())
    }

    /// Adds an answer that has to wait.
    pub(super) fn await_settling(&mut self, pending: Pending) {
        self.pending.get_or_insert_default().push_back(pending);
    }

    /// Acts on the packets that have come in.
    fn take_in(&mut self, io: &mut Io, now: Instant) {
        let mut used = 0;
        while self.end.is_none() && self.has_room() {
            let rest = io.input.get(used..).unwrap_or_default();
            if rest.is_empty() {
                break;
            }
            let (count, packet) = self.parts.link.receive(rest);
            used += count;
            if let Some(packet) = packet {
                self.last_packet = now;
                self.act(incoming::read(packet), now);
            }
            if self.parts.link.is_closing {
                let fault =
                    self.parts.link.fault.take().map(|fault| Cow::from(String::from(fault)));
                let reason = DisconnectReason::ClientError;
                let parting = Parting::WithWill;
                self.end.get_or_insert(End { reason, detail: fault, parting });
            }
        }
        io.consume(used);
    }

    fn act(&mut self, incoming: Incoming, now: Instant) {
        match incoming {
            Incoming::Publish(publish) => self.published(publish, now),
            Incoming::Subscribe(subscribe) => self.subscribe(&subscribe, now),
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
                if !was_open && self.parts.door.rules.max_qos < 2 {
                    let text = "PUBREL belongs to QoS 2, which is not supported";
                    return self.breach(DisconnectReasonCode::ProtocolError, text);
                }
                let packet = outgoing::complete(self.parts.link.is_v5(), id, was_open);
                self.send(packet);
            }
            Incoming::Ping => {}
            Incoming::Disconnect { with_will, expiry_seconds } => {
                self.disconnect(with_will, expiry_seconds);
            }
            Incoming::Unexpected => {
                self.breach(DisconnectReasonCode::ProtocolError, "this packet is not supported");
            }
        }
    }

    fn disconnect(&mut self, with_will: bool, expiry_seconds: Option<u32>) {
        // A session that was to end with its connection cannot be prolonged on leaving.
        if expiry_seconds.is_some_and(|s| s > 0) && self.parts.attachment.expiry_seconds() == 0 {
            let text = "a session that was to end with its connection cannot be prolonged";
            return self.breach(DisconnectReasonCode::ProtocolError, text);
        }
        let max = self.parts.door.rules.session_expiry_seconds_max;
        let expiry_seconds = expiry_seconds.map(|seconds| seconds.min(max));
        self.end = Some(End::by_client(with_will, expiry_seconds));
    }

    /// Ends the connection as the client's fault.
    pub(super) fn breach(
        &mut self,
        code: DisconnectReasonCode,
        text: impl Into<Cow<'static, str>>,
    ) {
        self.stop(End::because(DisconnectReason::ClientError, text.into()), code);
    }

    /// Ends the connection; MQTT 5 clients are told why.
    pub(super) fn stop(&mut self, end: End, code: DisconnectReasonCode) {
        let link = &mut self.parts.link;
        if link.is_v5() && !link.is_closing {
            let reason = end.detail.as_deref().filter(|_| self.parts.wants_reasons);
            let packet = outgoing::disconnect(code, reason);
            if let Err(error) = packet.and_then(|packet| link.send(packet)) {
                let client_id = &self.parts.who.client_id;
                tracing::debug!(%client_id, %error, "no DISCONNECT was sent");
            }
        }
        self.end.get_or_insert(end);
    }

    /// Sends an answer. One that cannot be built or does not fit ends the connection.
    pub(super) fn send(&mut self, packet: Result<Packet, MqttError>) {
        if let Err(error) = packet.and_then(|packet| self.parts.link.send(packet)) {
            tracing::debug!(%error, client_id = %self.parts.who.client_id, "an answer was not sent");
            let text = "an answer does not fit into what the client takes";
            self.end.get_or_insert(End::because(DisconnectReason::ClientError, text.into()));
        }
    }
}

/// The next answer that waits no more.
async fn next(pending: &mut Option<Box<FuturesOrdered<Pending>>>) -> Option<Settled> {
    pending.as_mut()?.next().await
}
