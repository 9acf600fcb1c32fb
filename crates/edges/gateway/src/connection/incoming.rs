//! What a client's packets mean, the same for both protocol versions.

use bytes::Bytes;
use mqtt_protocol_core::mqtt::ArcPayload;
use mqtt_protocol_core::mqtt::packet::{Packet, Property, SubEntry, v3_1_1, v5_0};
use picket_ports::messages::MessageProperties;

/// Clients that take only packets smaller than this get no reason strings.
const PACKET_BYTES_WITH_REASON: u32 = 1024;

/// A CONNECT.
#[derive(Debug)]
pub(crate) struct ConnectRequest {
    pub(crate) level: u8,
    pub(crate) client_id: String,
    pub(crate) clean_start: bool,
    pub(crate) keep_alive: u16,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<Vec<u8>>,
    pub(crate) will: Option<WillRequest>,
    /// Absent: 0 for MQTT 5.
    pub(crate) session_expiry: Option<u32>,
    pub(crate) receive_maximum: u16,
    pub(crate) topic_alias_max: u16,
    /// Whether reason strings may be sent.
    pub(crate) wants_reasons: bool,
    pub(crate) has_extended_auth: bool,
}

#[derive(Debug)]
pub(crate) struct WillRequest {
    pub(crate) topic: String,
    pub(crate) payload: Bytes,
    pub(crate) qos: u8,
    pub(crate) retain: bool,
    pub(crate) delay_seconds: u32,
    pub(crate) properties: MessageProperties,
}

/// A PUBLISH from the client.
#[derive(Debug)]
pub(crate) struct PublishRequest {
    pub(crate) topic: String,
    pub(crate) payload: Bytes,
    pub(crate) qos: u8,
    pub(crate) retain: bool,
    /// 0 for QoS 0.
    pub(crate) packet_id: u16,
    pub(crate) properties: MessageProperties,
    pub(crate) has_subscription_id: bool,
}

#[derive(Debug)]
pub(crate) struct SubscribeRequest {
    pub(crate) packet_id: u16,
    pub(crate) entries: Vec<SubEntry>,
    pub(crate) id: Option<u32>,
}

#[derive(Debug)]
pub(crate) struct UnsubscribeRequest {
    pub(crate) packet_id: u16,
    pub(crate) filters: Vec<String>,
}

/// A packet after CONNECT.
#[derive(Debug)]
pub(crate) enum Incoming {
    Publish(PublishRequest),
    Subscribe(SubscribeRequest),
    Unsubscribe(UnsubscribeRequest),
    /// PUBACK, or a PUBREC that refuses.
    Acknowledged(u16),
    /// PUBREC.
    Received(u16),
    /// PUBREL.
    Released(u16),
    /// PUBCOMP.
    Completed(u16),
    Ping,
    Disconnect {
        with_will: bool,
        expiry_seconds: Option<u32>,
    },
    /// A packet that has no place here.
    Unexpected,
}

/// An `ArcPayload` as the owner of [`Bytes`], so that the payload is not copied.
struct Payload(ArcPayload);

impl AsRef<[u8]> for Payload {
    fn as_ref(&self) -> &[u8] {
        self.0.as_slice()
    }
}

fn payload(payload: &ArcPayload) -> Bytes {
    if payload.is_empty() { Bytes::new() } else { Bytes::from_owner(Payload(payload.clone())) }
}

/// Reads a CONNECT; `None` for any other packet.
pub(crate) fn connect(packet: Packet) -> Option<ConnectRequest> {
    match packet {
        Packet::V3_1_1Connect(packet) => Some(connect_v3(&packet)),
        Packet::V5_0Connect(packet) => Some(connect_v5(&packet)),
        _ => None,
    }
}

fn connect_v3(packet: &v3_1_1::Connect) -> ConnectRequest {
    let will = packet.will_topic().map(|topic| WillRequest {
        topic: topic.to_owned(),
        payload: Bytes::copy_from_slice(packet.will_payload().unwrap_or_default()),
        qos: packet.will_qos() as u8,
        retain: packet.will_retain(),
        delay_seconds: 0,
        properties: MessageProperties::default(),
    });
    ConnectRequest {
        level: 4,
        client_id: packet.client_id().to_owned(),
        clean_start: packet.clean_session(),
        keep_alive: packet.keep_alive(),
        user: packet.user_name().map(str::to_owned),
        password: packet.password().map(<[u8]>::to_vec),
        will,
        session_expiry: None,
        receive_maximum: u16::MAX,
        topic_alias_max: 0,
        wants_reasons: false,
        has_extended_auth: false,
    }
}

fn connect_v5(packet: &v5_0::Connect) -> ConnectRequest {
    let will = packet.will_topic().map(|topic| {
        let delay = packet.will_props.iter().find_map(|property| match property {
            Property::WillDelayInterval(delay) => Some(delay.val()),
            _ => None,
        });
        WillRequest {
            topic: topic.to_owned(),
            payload: Bytes::copy_from_slice(packet.will_payload().unwrap_or_default()),
            qos: packet.will_qos() as u8,
            retain: packet.will_retain(),
            delay_seconds: delay.unwrap_or(0),
            properties: properties(&packet.will_props),
        }
    });
    let mut request = ConnectRequest {
        level: 5,
        client_id: packet.client_id().to_owned(),
        clean_start: packet.clean_start(),
        keep_alive: packet.keep_alive(),
        user: packet.user_name().map(str::to_owned),
        password: packet.password().map(<[u8]>::to_vec),
        will,
        session_expiry: None,
        receive_maximum: u16::MAX,
        topic_alias_max: 0,
        wants_reasons: true,
        has_extended_auth: false,
    };
    for property in packet.props() {
        match property {
            Property::SessionExpiryInterval(p) => request.session_expiry = Some(p.val()),
            Property::ReceiveMaximum(p) => request.receive_maximum = p.val(),
            Property::TopicAliasMaximum(p) => request.topic_alias_max = p.val(),
            Property::RequestProblemInformation(p) => request.wants_reasons &= p.val() != 0,
            // There might be no room for them.
            Property::MaximumPacketSize(p) => {
                request.wants_reasons &= p.val() >= PACKET_BYTES_WITH_REASON;
            }
            Property::AuthenticationMethod(_) => request.has_extended_auth = true,
            _ => {}
        }
    }
    request
}

/// The properties of a PUBLISH or a will that travel with the message.
fn properties(properties: &[Property]) -> MessageProperties {
    let mut found = MessageProperties::default();
    for property in properties {
        match property {
            Property::PayloadFormatIndicator(p) => found.payload_format = Some(p.val()),
            Property::MessageExpiryInterval(p) => found.expiry_seconds = Some(p.val()),
            Property::ContentType(p) => found.content_type = Some(p.val().to_owned()),
            Property::ResponseTopic(p) => found.response_topic = Some(p.val().to_owned()),
            Property::CorrelationData(p) => {
                found.correlation_data = Some(Bytes::copy_from_slice(p.val()));
            }
            Property::UserProperty(p) => {
                found.user.push((p.key().to_owned(), p.val().to_owned()));
            }
            _ => {}
        }
    }
    found
}

/// Reads a packet that follows CONNECT.
pub(crate) fn read(packet: Packet) -> Incoming {
    match packet {
        Packet::V3_1_1Publish(p) => Incoming::Publish(PublishRequest {
            topic: p.topic_name().to_owned(),
            payload: payload(p.payload()),
            qos: p.qos() as u8,
            retain: p.retain(),
            packet_id: p.packet_id().unwrap_or(0),
            properties: MessageProperties::default(),
            has_subscription_id: false,
        }),
        Packet::V5_0Publish(p) => Incoming::Publish(PublishRequest {
            topic: p.topic_name().to_owned(),
            payload: payload(p.payload()),
            qos: p.qos() as u8,
            retain: p.retain(),
            packet_id: p.packet_id().unwrap_or(0),
            properties: properties(p.props()),
            has_subscription_id: subscription_id(p.props()).is_some(),
        }),
        Packet::V3_1_1Subscribe(p) => Incoming::Subscribe(SubscribeRequest {
            packet_id: p.packet_id(),
            entries: p.entries().clone(),
            id: None,
        }),
        Packet::V5_0Subscribe(p) => Incoming::Subscribe(SubscribeRequest {
            packet_id: p.packet_id(),
            entries: p.entries().clone(),
            id: subscription_id(p.props()),
        }),
        Packet::V3_1_1Unsubscribe(p) => Incoming::Unsubscribe(UnsubscribeRequest {
            packet_id: p.packet_id(),
            filters: p.entries().iter().map(|filter| filter.as_str().to_owned()).collect(),
        }),
        Packet::V5_0Unsubscribe(p) => Incoming::Unsubscribe(UnsubscribeRequest {
            packet_id: p.packet_id(),
            filters: p.entries().iter().map(|filter| filter.as_str().to_owned()).collect(),
        }),
        Packet::V3_1_1Puback(p) => Incoming::Acknowledged(p.packet_id()),
        Packet::V5_0Puback(p) => Incoming::Acknowledged(p.packet_id()),
        Packet::V3_1_1Pubrec(p) => Incoming::Received(p.packet_id()),
        Packet::V5_0Pubrec(p) if p.reason_code().is_some_and(|code| code.is_failure()) => {
            Incoming::Acknowledged(p.packet_id())
        }
        Packet::V5_0Pubrec(p) => Incoming::Received(p.packet_id()),
        Packet::V3_1_1Pubrel(p) => Incoming::Released(p.packet_id()),
        Packet::V5_0Pubrel(p) => Incoming::Released(p.packet_id()),
        Packet::V3_1_1Pubcomp(p) => Incoming::Completed(p.packet_id()),
        Packet::V5_0Pubcomp(p) => Incoming::Completed(p.packet_id()),
        Packet::V3_1_1Pingreq(_) | Packet::V5_0Pingreq(_) => Incoming::Ping,
        Packet::V3_1_1Disconnect(_) => {
            Incoming::Disconnect { with_will: false, expiry_seconds: None }
        }
        Packet::V5_0Disconnect(p) => disconnect(&p),
        _ => Incoming::Unexpected,
    }
}

fn disconnect(packet: &v5_0::Disconnect) -> Incoming {
    let properties = packet.props().as_deref().unwrap_or_default();
    let expiry_seconds = properties.iter().find_map(|property| match property {
        Property::SessionExpiryInterval(expiry) => Some(expiry.val()),
        _ => None,
    });
    // Anything but a normal end wants the will, 0x04 by its very meaning.
    let with_will = packet.reason_code().is_some_and(|code| code as u8 != 0);
    Incoming::Disconnect { with_will, expiry_seconds }
}

fn subscription_id(properties: &[Property]) -> Option<u32> {
    properties.iter().find_map(|property| match property {
        Property::SubscriptionIdentifier(id) => Some(id.val()),
        _ => None,
    })
}
