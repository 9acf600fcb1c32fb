//! What the server's packets mean, for either protocol version.

use mqtt_protocol_core::mqtt::packet::{Packet, Property, Qos};
use mqtt_protocol_core::mqtt::result_code::MqttError;

use super::{ClientSession, Message, SessionEvent, State};
use crate::refusal::Refusal;

impl ClientSession {
    /// Turns a packet into an event. Fails for a packet that has no place here.
    pub(super) fn received(&mut self, packet: Packet) -> Result<(), MqttError> {
        let is_connack = matches!(packet, Packet::V3_1_1Connack(_) | Packet::V5_0Connack(_));
        let expected = if is_connack { State::Connecting } else { State::Connected };
        if self.state != expected && !matches!(packet, Packet::V5_0Disconnect(_)) {
            return Err(MqttError::ProtocolError);
        }
        match packet {
            Packet::V3_1_1Connack(packet) => {
                let code = packet.return_code() as u8;
                self.answered((code != 0).then(|| Refusal::v3_connect(code)));
            }
            Packet::V5_0Connack(packet) => {
                let code = packet.reason_code() as u8;
                let refusal = || Refusal::v5(code, reason_string(packet.props()));
                self.answered((code != 0).then(refusal));
            }
            Packet::V3_1_1Puback(packet) => self.acknowledged(packet.packet_id(), None),
            Packet::V5_0Puback(packet) => {
                let code = packet.reason_code().map_or(0, |code| code as u8);
                let detail = packet.props().as_ref().and_then(|props| reason_string(props));
                let refusal = (code >= 0x80).then(|| Refusal::v5(code, detail));
                self.acknowledged(packet.packet_id(), refusal);
            }
            Packet::V3_1_1Suback(packet) => {
                let codes = packet.return_codes().into_iter().map(|code| code as u8);
                self.subscribed(packet.packet_id(), codes, None);
            }
            Packet::V5_0Suback(packet) => {
                let codes = packet.reason_codes().into_iter().map(|code| code as u8);
                self.subscribed(packet.packet_id(), codes, reason_string(packet.props()));
            }
            Packet::V3_1_1Publish(packet) => {
                let topic = packet.topic_name();
                self.message(packet.qos(), topic, packet.payload().as_slice(), packet.retain())?;
            }
            Packet::V5_0Publish(packet) => {
                let topic = packet.topic_name();
                self.message(packet.qos(), topic, packet.payload().as_slice(), packet.retain())?;
            }
            Packet::V5_0Disconnect(packet) => {
                let code = packet.reason_code().map_or(0, |code| code as u8);
                let detail = packet.props().as_ref().and_then(|props| reason_string(props));
                self.state = State::Closed;
                self.events.push_back(SessionEvent::Closed(Some(Refusal::v5(code, detail))));
            }
            Packet::V3_1_1Pingresp(_) | Packet::V5_0Pingresp(_) => {}
            _ => return Err(MqttError::ProtocolError),
        }
        Ok(())
    }

    fn answered(&mut self, refusal: Option<Refusal>) {
        let event = match refusal {
            None => {
                self.state = State::Connected;
                SessionEvent::Connected
            }
            Some(refusal) => {
                self.state = State::Closed;
                SessionEvent::ConnectRefused(refusal)
            }
        };
        self.events.push_back(event);
    }

    fn acknowledged(&mut self, packet_id: u16, refusal: Option<Refusal>) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.events.push_back(match refusal {
            None => SessionEvent::Acknowledged(packet_id),
            Some(refusal) => SessionEvent::PublishRefused(packet_id, refusal),
        });
    }

    fn subscribed(
        &mut self,
        packet_id: u16,
        codes: impl Iterator<Item = u8>,
        detail: Option<&str>,
    ) {
        let answers =
            codes.map(|code| if code < 0x80 { Ok(()) } else { Err(Refusal::v5(code, detail)) });
        self.events.push_back(SessionEvent::Subscribed(packet_id, answers.collect()));
    }

    fn message(
        &mut self,
        qos: Qos,
        topic: &str,
        payload: &[u8],
        retain: bool,
    ) -> Result<(), MqttError> {
        if qos == Qos::ExactlyOnce {
            // We subscribe at QoS 1, so the server has no business to send this.
            return Err(MqttError::QosNotSupported);
        }
        let message = Message { topic: topic.to_owned(), payload: payload.to_vec(), retain };
        self.events.push_back(SessionEvent::Message(message));
        Ok(())
    }
}

fn reason_string(properties: &[Property]) -> Option<&str> {
    properties.iter().find_map(|property| match property {
        Property::ReasonString(reason) => Some(reason.val()),
        _ => None,
    })
}
