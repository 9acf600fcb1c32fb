//! One MQTT connection's protocol, without socket and clock.
//!
//! Bytes and time go in ([`ClientSession::receive`], [`ClientSession::timeout`]), bytes and events come
//! out ([`ClientSession::output`], [`ClientSession::next_event`]). The owner moves the bytes.

mod build;
mod read;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use mqtt_protocol_core::mqtt;
use mqtt_protocol_core::mqtt::connection::ConnectionOptions;
use mqtt_protocol_core::mqtt::packet::{GenericPacketTrait, Packet};
use mqtt_protocol_core::mqtt::prelude::*;
use mqtt_protocol_core::mqtt::result_code::MqttError;

use crate::options::{ConnectOptions, MqttVersion};
use crate::refusal::Refusal;

/// Most bytes that wait to be written before a publish is refused with [`SessionError::Busy`].
const OUTPUT_BYTES_MAX: usize = 1024 * 1024;
/// Room for output that an idle connection keeps, in bytes.
const OUTPUT_BYTES_KEPT: usize = 2 * 1024;

/// A message the server delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The topic it was published on.
    pub topic: String,
    /// The payload.
    pub payload: Vec<u8>,
    /// Whether it is a retained message sent because of a new subscription.
    pub retain: bool,
}

/// A publish to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublishRequest<'a> {
    /// The topic, without wildcards.
    pub topic: &'a str,
    /// The payload.
    pub payload: &'a [u8],
    /// True for QoS 1 (answered by a PUBACK), false for QoS 0.
    pub acknowledged: bool,
    /// The RETAIN flag.
    pub retain: bool,
}

impl<'a> PublishRequest<'a> {
    /// A QoS 1 publish.
    pub const fn at_least_once(topic: &'a str, payload: &'a [u8]) -> Self {
        Self { topic, payload, acknowledged: true, retain: false }
    }

    /// A QoS 0 publish.
    pub const fn at_most_once(topic: &'a str, payload: &'a [u8]) -> Self {
        Self { topic, payload, acknowledged: false, retain: false }
    }
}

/// What happened on the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionEvent {
    /// CONNACK: the session is up.
    Connected,
    /// CONNACK: the server does not want us. The connection is over.
    ConnectRefused(Refusal),
    /// PUBACK for this packet id.
    Acknowledged(u16),
    /// PUBACK with a reason against the publish with this packet id (MQTT 5).
    PublishRefused(u16, Refusal),
    /// SUBACK: one answer for each filter, in order.
    Subscribed(u16, Vec<Result<(), Refusal>>),
    /// A message was delivered.
    Message(Message),
    /// The connection is over: the server's reason, if it gave one (MQTT 5).
    Closed(Option<Refusal>),
}

/// Why the session could not do what was asked, or cannot go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SessionError {
    /// Not connected, or not any more.
    #[error("the MQTT session is not connected")]
    NotConnected,
    /// Too much is waiting for the server; receive acknowledgements first.
    #[error("too many publishes wait for the server's acknowledgement")]
    Busy,
    /// The topic, filter or client id is not valid in MQTT.
    #[error("{what} `{text}` is not valid: {problem}")]
    Invalid {
        /// "topic", "topic filter" or "client id".
        what: &'static str,
        /// The text, escaped.
        text: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// A packet is larger than the server takes.
    #[error("the packet of {bytes} payload bytes is larger than the server takes")]
    TooLarge {
        /// Size of the payload.
        bytes: usize,
    },
    /// The server did not answer a PINGREQ.
    #[error("the server has not answered a PINGREQ for {0:?}")]
    PingTimeout(Duration),
    /// The server broke the protocol.
    #[error("the server broke the MQTT protocol: {0}")]
    Protocol(&'static str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Idle,
    Connecting,
    Connected,
    Closed,
}

/// The client side of one MQTT connection.
pub struct ClientSession {
    connection: mqtt::Connection<mqtt::role::Client>,
    version: MqttVersion,
    state: State,
    output: Vec<u8>,
    /// How much of `output` has been written.
    written: usize,
    events: VecDeque<SessionEvent>,
    ping_at: Option<Instant>,
    pong_by: Option<Instant>,
    pong_timeout: Duration,
    in_flight: usize,
    in_flight_max: usize,
}

impl std::fmt::Debug for ClientSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientSession")
            .field("version", &self.version)
            .field("state", &self.state)
            .field("in_flight", &self.in_flight)
            .finish_non_exhaustive()
    }
}

impl ClientSession {
    /// Starts a session: [`ClientSession::output`] holds the CONNECT afterwards.
    pub fn connect(options: &ConnectOptions, now: Instant) -> Result<Self, SessionError> {
        let limits = ConnectionOptions::new()
            .maximum_packet_size_recv(options.packet_bytes_max)
            .receive_maximum(100);
        let version = match options.version {
            MqttVersion::V3_1_1 => mqtt::Version::V3_1_1,
            MqttVersion::V5 => mqtt::Version::V5_0,
        };
        let mut connection = mqtt::Connection::with_options(version, limits);
        connection.set_auto_pub_response(true);
        let pong_ms = u64::try_from(options.timeouts.answer.as_millis()).unwrap_or(u64::MAX);
        connection.set_pingresp_recv_timeout(pong_ms);
        let mut session = Self {
            connection,
            version: options.version,
            state: State::Idle,
            output: Vec::new(),
            written: 0,
            events: VecDeque::new(),
            ping_at: None,
            pong_by: None,
            pong_timeout: options.timeouts.answer,
            in_flight: 0,
            in_flight_max: options.in_flight_max.clamp(1, 60_000),
        };
        let packet = build::connect(options)?;
        session.send(packet, now)?;
        session.state = State::Connecting;
        Ok(session)
    }

    /// Whether CONNACK has come and the connection has not ended since.
    pub fn is_connected(&self) -> bool {
        self.state == State::Connected
    }

    /// Whether nothing more will happen on this connection.
    pub fn is_closed(&self) -> bool {
        self.state == State::Closed
    }

    /// How many QoS 1 publishes wait for their PUBACK.
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Queues a publish. Returns the packet id that its acknowledgement will carry; `None` for QoS 0.
    pub fn publish(
        &mut self,
        publish: &PublishRequest<'_>,
        now: Instant,
    ) -> Result<Option<u16>, SessionError> {
        self.require_connected()?;
        if self.output().len().saturating_add(publish.payload.len()) > OUTPUT_BYTES_MAX {
            return Err(SessionError::Busy);
        }
        let server_is_full = self.connection.get_receive_maximum_vacancy_for_send() == Some(0);
        if publish.acknowledged && (server_is_full || self.in_flight >= self.in_flight_max) {
            return Err(SessionError::Busy);
        }
        let packet_id = if publish.acknowledged { Some(self.packet_id()?) } else { None };
        let sent = build::publish(self.version, publish, packet_id)
            .and_then(|packet| self.send_sized(packet, publish.payload.len(), now));
        if let Err(error) = sent {
            self.give_back(packet_id);
            return Err(error);
        }
        self.in_flight += usize::from(publish.acknowledged);
        Ok(packet_id)
    }

    /// Queues a SUBSCRIBE for `filters` at QoS 1. Returns the packet id of its SUBACK.
    pub fn subscribe(&mut self, filters: &[&str], now: Instant) -> Result<u16, SessionError> {
        self.require_connected()?;
        let packet_id = self.packet_id()?;
        let sent = build::subscribe(self.version, filters, packet_id)
            .and_then(|packet| self.send(packet, now));
        if let Err(error) = sent {
            self.give_back(Some(packet_id));
            return Err(error);
        }
        Ok(packet_id)
    }

    /// Queues a DISCONNECT. Nothing can be sent after it.
    pub fn disconnect(&mut self, now: Instant) -> Result<(), SessionError> {
        self.require_connected()?;
        let packet = build::disconnect(self.version)?;
        self.send(packet, now)?;
        self.state = State::Closed;
        Ok(())
    }

    /// Takes bytes from the server. After an error the connection must be closed, though what is in
    /// [`ClientSession::output`] should be written first.
    pub fn receive(&mut self, bytes: &[u8], now: Instant) -> Result<(), SessionError> {
        let mut cursor = mqtt::common::Cursor::new(bytes);
        let end = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        while cursor.position() < end && self.state != State::Closed {
            let events = self.connection.recv(&mut cursor);
            self.absorb(events, now).map_err(|error| {
                self.state = State::Closed;
                SessionError::Protocol(describe(error))
            })?;
        }
        Ok(())
    }

    /// The socket has been closed by the other side.
    pub fn closed_by_peer(&mut self) {
        if self.state != State::Closed {
            self.state = State::Closed;
            self.events.push_back(SessionEvent::Closed(None));
        }
    }

    /// When [`ClientSession::timeout`] must be called next.
    pub fn next_timeout(&self) -> Option<Instant> {
        if self.state == State::Closed {
            return None;
        }
        [self.ping_at, self.pong_by].into_iter().flatten().min()
    }

    /// Lets time pass: sends a PINGREQ when it is due, fails when its answer is overdue.
    pub fn timeout(&mut self, now: Instant) -> Result<(), SessionError> {
        if self.pong_by.is_some_and(|by| by <= now) {
            self.state = State::Closed;
            return Err(SessionError::PingTimeout(self.pong_timeout));
        }
        if self.ping_at.is_some_and(|at| at <= now) {
            self.ping_at = None;
            if self.state == State::Connected {
                let events = self.connection.notify_timer_fired(TimerKind::PingreqSend);
                self.absorb(events, now)
                    .map_err(|error| SessionError::Protocol(describe(error)))?;
            }
        }
        Ok(())
    }

    /// Bytes to be written to the server.
    pub fn output(&self) -> &[u8] {
        self.output.get(self.written..).unwrap_or_default()
    }

    /// The first `count` bytes of the output have been written.
    pub fn wrote(&mut self, count: usize) {
        self.written = self.written.saturating_add(count);
        if self.written >= self.output.len() {
            self.written = 0;
            self.output.clear();
            self.output.shrink_to(OUTPUT_BYTES_KEPT);
        } else if self.written > self.output.len() / 2 {
            self.output.drain(..self.written);
            self.written = 0;
        }
    }

    /// The next thing that happened, oldest first.
    pub fn next_event(&mut self) -> Option<SessionEvent> {
        self.events.pop_front()
    }

    fn require_connected(&self) -> Result<(), SessionError> {
        if self.state == State::Connected { Ok(()) } else { Err(SessionError::NotConnected) }
    }

    fn packet_id(&mut self) -> Result<u16, SessionError> {
        self.connection.acquire_packet_id().map_err(|_| SessionError::Busy)
    }

    fn give_back(&mut self, packet_id: Option<u16>) {
        if let Some(packet_id) = packet_id {
            self.connection.release_packet_id(packet_id);
        }
    }

    fn send(&mut self, packet: Packet, now: Instant) -> Result<(), SessionError> {
        self.send_sized(packet, 0, now)
    }

    fn send_sized(
        &mut self,
        packet: Packet,
        payload_bytes: usize,
        now: Instant,
    ) -> Result<(), SessionError> {
        let events = self.connection.send(packet);
        self.absorb(events, now).map_err(|error| match error {
            MqttError::PacketTooLarge => SessionError::TooLarge { bytes: payload_bytes },
            MqttError::ReceiveMaximumExceeded => SessionError::Busy,
            _ => SessionError::NotConnected,
        })
    }

    /// Carries out what the protocol machine asks for.
    fn absorb(&mut self, events: Vec<Event>, now: Instant) -> Result<(), MqttError> {
        let mut failure = None;
        for event in events {
            match event {
                Event::RequestSendPacket { packet, .. } => {
                    self.output.extend_from_slice(&packet.to_continuous_buffer());
                }
                Event::NotifyPacketReceived(packet) => self.received(packet)?,
                Event::NotifyPacketIdReleased(_) => {}
                Event::RequestTimerReset { kind, duration_ms } => {
                    self.set_timer(kind, now.checked_add(Duration::from_millis(duration_ms)));
                }
                Event::RequestTimerCancel(kind) => self.set_timer(kind, None),
                Event::NotifyError(error) => failure = Some(error),
                Event::RequestClose => self.closed_by_peer(),
            }
        }
        failure.map_or(Ok(()), Err)
    }

    fn set_timer(&mut self, kind: TimerKind, at: Option<Instant>) {
        match kind {
            TimerKind::PingreqSend => self.ping_at = at,
            TimerKind::PingrespRecv => self.pong_by = at,
            TimerKind::PingreqRecv => {}
        }
    }
}

/// Words for what the protocol machine found wrong with the server's packets.
fn describe(error: MqttError) -> &'static str {
    match error {
        MqttError::MalformedPacket => "malformed packet",
        MqttError::PacketTooLarge => "packet larger than the limit",
        MqttError::ReceiveMaximumExceeded => "more unacknowledged messages than the limit",
        MqttError::TopicAliasInvalid => "topic alias that was not offered",
        MqttError::PacketIdentifierInvalid => "acknowledgement of nothing",
        _ => "packet that is not allowed here",
    }
}
