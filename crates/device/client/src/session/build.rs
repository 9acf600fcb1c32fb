//! Packets to send, for either protocol version.

use mqtt_protocol_core::mqtt::packet::{Packet, Qos, SubEntry, SubOpts, v3_1_1, v5_0};

use super::{PublishRequest, SessionError};
use crate::options::{ConnectOptions, MqttVersion};

/// Builds the packet with the builder of the right version. The two builders share their methods but
/// no trait.
macro_rules! versioned {
    ($version:expr, $packet:ident, $what:expr, |$builder:ident| $build:expr) => {
        match $version {
            MqttVersion::V3_1_1 => {
                let $builder = v3_1_1::$packet::builder();
                $build.and_then(|builder| builder.build()).map(Packet::from)
            }
            MqttVersion::V5 => {
                let $builder = v5_0::$packet::builder();
                $build.and_then(|builder| builder.build()).map(Packet::from)
            }
        }
        .map_err(|_| $what)
    };
}

pub(super) fn connect(options: &ConnectOptions) -> Result<Packet, SessionError> {
    let id = options.client_id.as_str();
    if id.is_empty() || id.len() > 128 {
        return Err(invalid("client id", id, "must have 1 to 128 bytes"));
    }
    let keep_alive = u16::try_from(options.keep_alive.as_secs()).unwrap_or(u16::MAX);
    let error = invalid("client id", id, "holds a character MQTT does not allow");
    versioned!(options.version, Connect, error, |builder| {
        builder.keep_alive(keep_alive).clean_start(true).client_id(id)
    })
}

pub(super) fn publish(
    version: MqttVersion,
    publish: &PublishRequest<'_>,
    packet_id: Option<u16>,
) -> Result<Packet, SessionError> {
    let topic = publish.topic;
    if topic.is_empty() || topic.contains(['+', '#', '\0']) {
        return Err(invalid("topic", topic, "must not be empty or hold `+`, `#` or NUL"));
    }
    let qos = if publish.acknowledged { Qos::AtLeastOnce } else { Qos::AtMostOnce };
    let error = invalid("topic", topic, "is too long or holds a character MQTT does not allow");
    versioned!(version, Publish, error, |builder| {
        builder
            .qos(qos)
            .retain(publish.retain)
            .payload(publish.payload)
            .packet_id(packet_id)
            .topic_name(topic)
    })
}

pub(super) fn subscribe(
    version: MqttVersion,
    filters: &[&str],
    packet_id: u16,
) -> Result<Packet, SessionError> {
    let mut entries = Vec::with_capacity(filters.len());
    for filter in filters {
        let options = SubOpts::new().set_qos(Qos::AtLeastOnce);
        let entry = SubEntry::new(*filter, options)
            .map_err(|_| invalid("topic filter", filter, "is not a filter"))?;
        entries.push(entry);
    }
    let shown = filters.first().copied().unwrap_or_default();
    let error = invalid("topic filter", shown, "cannot be subscribed to");
    versioned!(version, Subscribe, error, |builder| {
        Ok(builder.packet_id(packet_id).entries(entries))
    })
}

pub(super) fn disconnect(version: MqttVersion) -> Result<Packet, SessionError> {
    versioned!(version, Disconnect, SessionError::NotConnected, |builder| Ok(builder))
}

fn invalid(what: &'static str, text: &str, problem: &'static str) -> SessionError {
    let text = text.chars().take(128).flat_map(char::escape_debug).collect();
    SessionError::Invalid { what, text, problem }
}
