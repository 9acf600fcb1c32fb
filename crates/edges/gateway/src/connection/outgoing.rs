//! Packets to the client, built for its protocol version.

use std::borrow::Cow;
use std::time::Duration;

use mqtt_protocol_core::mqtt::packet::{
    ContentType, CorrelationData, MessageExpiryInterval, Packet, PayloadFormat,
    PayloadFormatIndicator, Property, Qos, ReasonString, ResponseTopic, SubscriptionIdentifier,
    TopicAlias, UserProperty, v3_1_1, v5_0,
};
use mqtt_protocol_core::mqtt::result_code::{
    DisconnectReasonCode, MqttError, PubackReasonCode, PubcompReasonCode, PubrecReasonCode,
    SubackReasonCode, SubackReturnCode, UnsubackReasonCode,
};
use picket_core::Timestamp;
use picket_session::Delivery;

/// Longest reason string in bytes.
const REASON_BYTES_MAX: usize = 400;

/// The answer to a publish.
#[derive(Debug, Clone)]
pub(crate) struct Verdict {
    pub(crate) code: PubackReasonCode,
    /// A reason string for MQTT 5.
    pub(crate) reason: Option<Cow<'static, str>>,
}

impl Verdict {
    pub(crate) const TAKEN: Self = Self { code: PubackReasonCode::Success, reason: None };
}

/// The properties with a reason string, shortened to what may be said.
pub(crate) fn reasons(reason: Option<&str>) -> Option<Vec<Property>> {
    let reason = reason?;
    let (shown, rest) = reason.split_at(reason.floor_char_boundary(REASON_BYTES_MAX));
    let text = match rest.is_empty() {
        true => ReasonString::new(shown).ok()?,
        false => ReasonString::new(format!("{shown}…")).ok()?,
    };
    Some(vec![text.into()])
}

/// PUBACK for QoS 1, PUBREC for QoS 2.
pub(crate) fn publish_answer(
    v5: bool,
    qos: u8,
    packet_id: u16,
    verdict: &Verdict,
) -> Result<Packet, MqttError> {
    let is_failure = verdict.code != PubackReasonCode::Success;
    match (v5, qos) {
        (false, 1) => Ok(v3_1_1::Puback::builder().packet_id(packet_id).build()?.into()),
        (false, _) => Ok(v3_1_1::Pubrec::builder().packet_id(packet_id).build()?.into()),
        (true, 1) => {
            let mut builder = v5_0::Puback::builder().packet_id(packet_id);
            if is_failure {
                builder = builder.reason_code(verdict.code);
                if let Some(properties) = reasons(verdict.reason.as_deref()) {
                    builder = builder.props(properties);
                }
            }
            Ok(builder.build()?.into())
        }
        (true, _) => {
            let mut builder = v5_0::Pubrec::builder().packet_id(packet_id);
            if is_failure {
                // The codes of both packets are the same.
                let code = PubrecReasonCode::try_from(verdict.code as u8);
                builder = builder.reason_code(code.unwrap_or(PubrecReasonCode::UnspecifiedError));
                if let Some(properties) = reasons(verdict.reason.as_deref()) {
                    builder = builder.props(properties);
                }
            }
            Ok(builder.build()?.into())
        }
    }
}

pub(crate) fn release(v5: bool, packet_id: u16) -> Result<Packet, MqttError> {
    Ok(match v5 {
        false => v3_1_1::Pubrel::builder().packet_id(packet_id).build()?.into(),
        true => v5_0::Pubrel::builder().packet_id(packet_id).build()?.into(),
    })
}

pub(crate) fn complete(v5: bool, packet_id: u16, was_open: bool) -> Result<Packet, MqttError> {
    if !v5 {
        return Ok(v3_1_1::Pubcomp::builder().packet_id(packet_id).build()?.into());
    }
    let mut builder = v5_0::Pubcomp::builder().packet_id(packet_id);
    if !was_open {
        builder = builder.reason_code(PubcompReasonCode::PacketIdentifierNotFound);
    }
    Ok(builder.build()?.into())
}

pub(crate) fn suback(
    v5: bool,
    packet_id: u16,
    codes: Vec<SubackReasonCode>,
    reason: Option<&str>,
) -> Result<Packet, MqttError> {
    if v5 {
        let mut builder = v5_0::Suback::builder().packet_id(packet_id).reason_codes(codes);
        if let Some(properties) = reasons(reason) {
            builder = builder.props(properties);
        }
        return Ok(builder.build()?.into());
    }
    let codes = codes.into_iter().map(|code| match code {
        SubackReasonCode::GrantedQos0 => SubackReturnCode::SuccessMaximumQos0,
        SubackReasonCode::GrantedQos1 => SubackReturnCode::SuccessMaximumQos1,
        SubackReasonCode::GrantedQos2 => SubackReturnCode::SuccessMaximumQos2,
        _ => SubackReturnCode::Failure,
    });
    let builder = v3_1_1::Suback::builder().packet_id(packet_id).return_codes(codes.collect());
    Ok(builder.build()?.into())
}

pub(crate) fn unsuback(
    v5: bool,
    packet_id: u16,
    codes: Vec<UnsubackReasonCode>,
    reason: Option<&str>,
) -> Result<Packet, MqttError> {
    if !v5 {
        return Ok(v3_1_1::Unsuback::builder().packet_id(packet_id).build()?.into());
    }
    let mut builder = v5_0::Unsuback::builder().packet_id(packet_id).reason_codes(codes);
    if let Some(properties) = reasons(reason) {
        builder = builder.props(properties);
    }
    Ok(builder.build()?.into())
}

/// DISCONNECT, which only MQTT 5 servers send.
pub(crate) fn disconnect(
    code: DisconnectReasonCode,
    reason: Option<&str>,
) -> Result<Packet, MqttError> {
    let mut builder = v5_0::Disconnect::builder().reason_code(code);
    if let Some(properties) = reasons(reason) {
        builder = builder.props(properties);
    }
    Ok(builder.build()?.into())
}

/// How a topic is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TopicForm {
    /// In full, without an alias.
    Plain,
    /// In full, and from now on known as this alias.
    Defines(u16),
    /// As this alias only.
    Alias(u16),
}

/// PUBLISH of `delivery`.
pub(crate) fn publish(
    v5: bool,
    packet_id: Option<u16>,
    delivery: &Delivery,
    duplicate: bool,
    (form, now): (TopicForm, Timestamp),
) -> Result<Packet, MqttError> {
    let message = &delivery.message;
    let qos = Qos::try_from(delivery.qos).map_err(|_| MqttError::InvalidQos)?;
    if !v5 {
        let mut builder = v3_1_1::Publish::builder()
            .topic_name(message.topic.as_ref())?
            .qos(qos)
            .retain(delivery.retain)
            .dup(duplicate)
            .payload(message.payload.as_ref());
        if let Some(packet_id) = packet_id {
            builder = builder.packet_id(packet_id);
        }
        return Ok(builder.build()?.into());
    }
    let mut properties = message_properties(delivery, now)?;
    let topic = match form {
        TopicForm::Plain => message.topic.as_ref(),
        TopicForm::Defines(alias) => {
            properties.push(TopicAlias::new(alias)?.into());
            message.topic.as_ref()
        }
        TopicForm::Alias(alias) => {
            properties.push(TopicAlias::new(alias)?.into());
            ""
        }
    };
    let mut builder = v5_0::Publish::builder()
        .topic_name(topic)?
        .qos(qos)
        .retain(delivery.retain)
        .dup(duplicate)
        .props(properties)
        .payload(message.payload.as_ref());
    if let Some(packet_id) = packet_id {
        builder = builder.packet_id(packet_id);
    }
    Ok(builder.build()?.into())
}

fn message_properties(delivery: &Delivery, now: Timestamp) -> Result<Vec<Property>, MqttError> {
    let message = &delivery.message;
    let sent = &message.properties;
    let mut properties: Vec<Property> = Vec::new();
    if let Some(format) = sent.payload_format {
        let format = if format == 1 { PayloadFormat::String } else { PayloadFormat::Binary };
        properties.push(PayloadFormatIndicator::new(format)?.into());
    }
    if let Some(expiry) = sent.expiry_seconds {
        let waited = now.since(message.arrived);
        let left = Duration::from_secs(u64::from(expiry)).saturating_sub(waited);
        // Rounded up, so that a message that waited for no time keeps its full interval.
        let seconds = u32::try_from(left.as_millis().div_ceil(1000)).unwrap_or(u32::MAX);
        properties.push(MessageExpiryInterval::new(seconds)?.into());
    }
    if let Some(content_type) = &sent.content_type {
        properties.push(ContentType::new(content_type)?.into());
    }
    if let Some(topic) = &sent.response_topic {
        properties.push(ResponseTopic::new(topic)?.into());
    }
    if let Some(data) = &sent.correlation_data {
        properties.push(CorrelationData::new(data.to_vec())?.into());
    }
    for (name, value) in &sent.user {
        properties.push(UserProperty::new(name, value)?.into());
    }
    for id in &delivery.subscription_ids {
        properties.push(SubscriptionIdentifier::new(*id)?.into());
    }
    Ok(properties)
}
