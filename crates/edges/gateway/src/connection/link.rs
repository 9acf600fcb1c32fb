//! The protocol state machine of one connection, and the bytes it wants to send.

use mqtt_protocol_core::mqtt::common::Cursor;
use mqtt_protocol_core::mqtt::connection::{ConnectionOptions, Event, role};
use mqtt_protocol_core::mqtt::packet::{GenericPacketTrait as _, Packet};
use mqtt_protocol_core::mqtt::result_code::{DisconnectReasonCode, MqttError};
use mqtt_protocol_core::mqtt::{Connection, Version};

use super::outgoing;
use crate::rules::Rules;

pub(crate) struct Link {
    mqtt: Connection<role::Server>,
    /// Bytes to be written.
    pub(crate) output: Vec<u8>,
    /// The state machine wants the connection closed.
    pub(crate) is_closing: bool,
    /// Why, for people.
    pub(crate) fault: Option<Box<str>>,
    /// Whether an MQTT 5 client wants to be told why.
    pub(crate) explains: bool,
    packet_bytes_max: u32,
    receive_maximum: u16,
    topic_alias_max: u16,
    /// The next byte begins a packet.
    is_between_packets: bool,
}

/// Whether a packet may begin with `first`. The state machine leaves the flags of some packets
/// unchecked; the standard wants the connection closed (MQTT-2.2.2-2).
const fn has_valid_flags(first: u8) -> bool {
    const PUBLISH: u8 = 3;
    const PUBREL: u8 = 6;
    const SUBSCRIBE: u8 = 8;
    const UNSUBSCRIBE: u8 = 10;
    let flags = first & 0x0f;
    match first >> 4 {
        PUBLISH => true,
        PUBREL | SUBSCRIBE | UNSUBSCRIBE => flags == 2,
        _ => flags == 0,
    }
}

impl Link {
    pub(crate) fn new(rules: &Rules) -> Self {
        let packet_bytes_max = rules.packet_bytes_max();
        let options = ConnectionOptions::new().maximum_packet_size_recv(packet_bytes_max);
        let mut mqtt = Connection::with_options(Version::Undetermined, options);
        mqtt.set_auto_ping_response(true);
        Self {
            mqtt,
            output: Vec::new(),
            is_closing: false,
            fault: None,
            explains: false,
            packet_bytes_max,
            receive_maximum: rules.receive_maximum,
            topic_alias_max: rules.topic_alias_max,
            is_between_packets: true,
        }
    }

    pub(crate) fn is_v5(&self) -> bool {
        self.mqtt.get_protocol_version() == Version::V5_0
    }

    /// Feeds bytes; returns how many were used and the packet they completed. A breach of the
    /// protocol ends the connection, which MQTT 5 clients are told in bytes that now wait in
    /// [`Link::output`].
    pub(crate) fn receive(&mut self, bytes: &[u8]) -> (usize, Option<Packet>) {
        let starts_badly = bytes.first().is_some_and(|first| !has_valid_flags(*first));
        if self.is_between_packets && starts_badly {
            self.refuse_flags();
            return (bytes.len(), None);
        }
        let mut cursor = Cursor::new(bytes);
        let events = self.mqtt.recv(&mut cursor);
        let used = usize::try_from(cursor.position()).unwrap_or(bytes.len());
        let (packet, error) = self.absorb(events);
        if let Some(error) = error {
            tracing::debug!(%error, "protocol error");
            self.is_closing = true;
            self.fault.get_or_insert_with(|| error.to_string().into());
        }
        self.is_between_packets = packet.is_some();
        (used, packet.filter(|_| error.is_none()))
    }

    fn refuse_flags(&mut self) {
        tracing::debug!("a packet begins with flags that it may not have");
        let code = DisconnectReasonCode::MalformedPacket;
        let text = "a packet begins with flags that it may not have";
        self.fault = Some(text.into());
        let reason = Some(text).filter(|_| self.explains);
        if self.is_v5()
            && let Err(error) = outgoing::disconnect(code, reason).and_then(|it| self.send(it))
        {
            tracing::debug!(%error, "no DISCONNECT could be sent");
        }
        self.is_closing = true;
    }

    /// Sends a packet; an error means that it was not sent and the connection goes on.
    pub(crate) fn send(&mut self, packet: impl Into<Packet>) -> Result<(), MqttError> {
        let events = self.mqtt.send(packet.into());
        match self.absorb(events) {
            (_, Some(error)) => Err(error),
            (_, None) => Ok(()),
        }
    }

    /// Puts a packet id into use that the session chose.
    pub(crate) fn register(&mut self, packet_id: u16) -> Result<(), MqttError> {
        self.mqtt.register_packet_id(packet_id)
    }

    /// Frees a packet id that was registered and not sent with.
    pub(crate) fn release(&mut self, packet_id: u16) {
        // The events only repeat that the id is free.
        self.mqtt.release_packet_id(packet_id);
    }

    /// Makes the state machine forget the effects of a packet: what it would write is dropped.
    pub(crate) fn rehearse(&mut self, act: impl FnOnce(&mut Self)) {
        let written = self.output.len();
        act(self);
        self.output.truncate(written);
    }

    /// Tells the state machine which QoS 2 publishes it has seen on earlier connections.
    pub(crate) fn restore_incoming(&mut self, packet_ids: impl Iterator<Item = u16>) {
        self.mqtt.restore_qos2_publish_handled(packet_ids.collect());
    }

    fn absorb(&mut self, events: Vec<Event>) -> (Option<Packet>, Option<MqttError>) {
        let (mut received, mut failed) = (None, None);
        for event in events {
            match event {
                Event::NotifyPacketReceived(packet) => received = Some(packet),
                Event::RequestSendPacket { packet, .. } => {
                    let packet = self.explained(packet);
                    for part in packet.to_buffers() {
                        self.output.extend_from_slice(&part);
                    }
                }
                Event::NotifyError(error) => failed = Some(error),
                Event::RequestClose => self.is_closing = true,
                // Keep-alive is ours, see the client's loop.
                Event::NotifyPacketIdReleased(_)
                | Event::RequestTimerReset { .. }
                | Event::RequestTimerCancel(_) => {}
            }
        }
        (received, failed)
    }

    /// Adds a reason to a DISCONNECT that the state machine sends by itself.
    fn explained(&mut self, packet: Packet) -> Packet {
        let Packet::V5_0Disconnect(plain) = &packet else { return packet };
        let Some(code) = plain.reason_code().filter(|_| plain.props().is_none()) else {
            return packet;
        };
        let text = self.describe(code);
        self.fault.get_or_insert_with(|| text.as_str().into());
        match outgoing::disconnect(code, Some(&text)) {
            Ok(explained) if self.explains => explained,
            _ => packet,
        }
    }

    fn describe(&self, code: DisconnectReasonCode) -> String {
        match code {
            DisconnectReasonCode::PacketTooLarge => {
                format!("a packet is larger than {} bytes", self.packet_bytes_max)
            }
            DisconnectReasonCode::MalformedPacket => "a packet cannot be read".to_owned(),
            DisconnectReasonCode::TopicAliasInvalid => {
                let max = self.topic_alias_max;
                format!(
                    "a topic alias is not from 1 to {max}, or a PUBLISH has neither a topic nor an \
                     alias that was set"
                )
            }
            DisconnectReasonCode::ReceiveMaximumExceeded => {
                let max = self.receive_maximum;
                format!("more than {max} publishes are unacknowledged")
            }
            DisconnectReasonCode::ProtocolError => {
                "a packet breaks the protocol or comes out of turn".to_owned()
            }
            other => format!("{other:?}"),
        }
    }
}
