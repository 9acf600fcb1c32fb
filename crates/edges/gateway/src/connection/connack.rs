//! CONNACK.

use mqtt_protocol_core::mqtt::packet::{
    AssignedClientIdentifier, MaximumQos, Packet, Property, ReceiveMaximum, ServerKeepAlive,
    SessionExpiryInterval, SubscriptionIdentifierAvailable, TopicAliasMaximum, v3_1_1, v5_0,
};
use mqtt_protocol_core::mqtt::result_code::{ConnectReasonCode, ConnectReturnCode, MqttError};

use super::incoming::ConnectRequest;
use super::outgoing::reasons;
use crate::rules::Rules;

/// What a client that is let in is told.
pub(super) struct Welcome<'a> {
    pub(super) request: &'a ConnectRequest,
    pub(super) rules: &'a Rules,
    pub(super) session_present: bool,
    /// The session expiry that holds.
    pub(super) expiry_seconds: u32,
    /// The client id, if we made it up.
    pub(super) assigned_id: Option<&'a str>,
}

impl Welcome<'_> {
    pub(super) fn packet(&self) -> Result<Packet, MqttError> {
        if self.request.level == 4 {
            let connack = v3_1_1::Connack::builder()
                .session_present(self.session_present)
                .return_code(ConnectReturnCode::Accepted);
            return Ok(connack.build()?.into());
        }
        let connack = v5_0::Connack::builder()
            .session_present(self.session_present)
            .reason_code(ConnectReasonCode::Success)
            .props(self.properties()?);
        Ok(connack.build()?.into())
    }

    fn properties(&self) -> Result<Vec<Property>, MqttError> {
        let (rules, request) = (self.rules, self.request);
        // Receive Maximum and, by the link's own limit, Maximum Packet Size are always said.
        let mut properties: Vec<Property> =
            vec![ReceiveMaximum::new(rules.receive_maximum)?.into()];
        if request.session_expiry.unwrap_or(0) != self.expiry_seconds {
            properties.push(SessionExpiryInterval::new(self.expiry_seconds)?.into());
        }
        if rules.max_qos < 2 {
            properties.push(MaximumQos::new(rules.max_qos)?.into());
        }
        if rules.topic_alias_max > 0 {
            properties.push(TopicAliasMaximum::new(rules.topic_alias_max)?.into());
        }
        if rules.is_aws() {
            properties.push(SubscriptionIdentifierAvailable::new(0)?.into());
        }
        if let Some(id) = self.assigned_id {
            properties.push(AssignedClientIdentifier::new(id)?.into());
        }
        let keep_alive = rules.keep_alive_seconds(request.keep_alive, request.level);
        if keep_alive != request.keep_alive {
            properties.push(ServerKeepAlive::new(keep_alive)?.into());
        }
        Ok(properties)
    }
}

/// CONNACK to a client of MQTT 5 whose CONNECT is larger than it may be, and was not read.
pub(super) fn too_large(reason: &str) -> Result<v5_0::Connack, MqttError> {
    let mut builder = v5_0::Connack::builder().session_present(false);
    builder = builder.reason_code(ConnectReasonCode::PacketTooLarge);
    if let Some(properties) = reasons(Some(reason)) {
        builder = builder.props(properties);
    }
    builder.build()
}

/// CONNACK that refuses; `None` if 3.1.1 has no code that tells the truth. The standard wants such a
/// client's connection closed without a word.
pub(super) fn refusal(
    v5: bool,
    code: ConnectReasonCode,
    reason: Option<&str>,
) -> Result<Option<Packet>, MqttError> {
    if v5 {
        let mut builder = v5_0::Connack::builder().session_present(false).reason_code(code);
        if let Some(properties) = reasons(reason) {
            builder = builder.props(properties);
        }
        return Ok(Some(builder.build()?.into()));
    }
    let code = match code {
        ConnectReasonCode::ClientIdentifierNotValid => ConnectReturnCode::IdentifierRejected,
        ConnectReasonCode::BadUserNameOrPassword => ConnectReturnCode::BadUserNameOrPassword,
        ConnectReasonCode::QuotaExceeded | ConnectReasonCode::ServerUnavailable => {
            ConnectReturnCode::ServerUnavailable
        }
        ConnectReasonCode::UnsupportedProtocolVersion => {
            ConnectReturnCode::UnacceptableProtocolVersion
        }
        ConnectReasonCode::NotAuthorized => ConnectReturnCode::NotAuthorized,
        _ => return Ok(None),
    };
    let builder = v3_1_1::Connack::builder().session_present(false).return_code(code);
    Ok(Some(builder.build()?.into()))
}
