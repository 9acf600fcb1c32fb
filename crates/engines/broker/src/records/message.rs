//! The stored form of a message: as a copy in a session's queue, as retained, as a will.

use std::sync::Arc;

use bytes::Bytes;
use picket_core::Timestamp;
use picket_ports::Message;
use picket_ports::messages::{MessageProperties, Origin};
use picket_session::Delivery;
use serde::{Deserialize, Serialize};

use super::Record;

/// A message. Where its facts came from is not stored: only rules ask, and they have seen it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct MessageForm {
    topic: Arc<str>,
    payload: Bytes,
    qos: u8,
    retain: bool,
    arrived: Timestamp,
    origin: OriginForm,
    properties: Option<PropertiesForm>,
}

#[derive(Debug, Serialize, Deserialize)]
enum OriginForm {
    Client { client_id: Arc<str>, principal: Arc<str> },
    Service,
    Http { principal: Arc<str> },
}

#[derive(Debug, Serialize, Deserialize)]
struct PropertiesForm {
    payload_format: Option<u8>,
    expiry_seconds: Option<u32>,
    content_type: Option<String>,
    response_topic: Option<String>,
    correlation_data: Option<Bytes>,
    user: Vec<(String, String)>,
}

impl MessageForm {
    pub(super) fn of(message: &Message) -> Self {
        let has_properties = message.properties != MessageProperties::default();
        Self {
            topic: Arc::clone(&message.topic),
            payload: message.payload.clone(),
            qos: message.qos,
            retain: message.retain,
            arrived: message.arrived,
            origin: match &message.origin {
                Origin::Client { client_id, principal } => OriginForm::Client {
                    client_id: Arc::clone(client_id),
                    principal: Arc::clone(principal),
                },
                Origin::Http { principal } => OriginForm::Http { principal: Arc::clone(principal) },
                Origin::Service(_) => OriginForm::Service,
            },
            properties: has_properties.then(|| PropertiesForm::of(message.properties.clone())),
        }
    }

    pub(super) fn into_message(self) -> Message {
        Message {
            topic: self.topic,
            payload: self.payload,
            qos: self.qos,
            retain: self.retain,
            properties: self.properties.map(PropertiesForm::into_properties).unwrap_or_default(),
            origin: match self.origin {
                OriginForm::Client { client_id, principal } => {
                    Origin::Client { client_id, principal }
                }
                OriginForm::Http { principal } => Origin::Http { principal },
                OriginForm::Service => Origin::Service("picket"),
            },
            arrived: self.arrived,
            traces: Arc::default(),
            depth: 0,
        }
    }
}

impl PropertiesForm {
    fn of(properties: MessageProperties) -> Self {
        let MessageProperties {
            payload_format,
            expiry_seconds,
            content_type,
            response_topic,
            correlation_data,
            user,
        } = properties;
        Self {
            payload_format,
            expiry_seconds,
            content_type,
            response_topic,
            correlation_data,
            user,
        }
    }

    fn into_properties(self) -> MessageProperties {
        MessageProperties {
            payload_format: self.payload_format,
            expiry_seconds: self.expiry_seconds,
            content_type: self.content_type,
            response_topic: self.response_topic,
            correlation_data: self.correlation_data,
            user: self.user,
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum CopyForm {
    V1 {
        message: MessageForm,
        qos: u8,
        retain: bool,
        subscription_ids: Vec<u32>,
    },
    /// A message that a client has for a group which shares a subscription.
    SharedV1 {
        message: MessageForm,
        qos: u8,
        retain: bool,
        subscription_ids: Vec<u32>,
    },
}

impl Record for Delivery {
    type Form = CopyForm;

    fn to_form(&self) -> CopyForm {
        let message = MessageForm::of(&self.message);
        let (qos, retain) = (self.qos, self.retain);
        let subscription_ids = self.subscription_ids.clone();
        match self.is_shared {
            false => CopyForm::V1 { message, qos, retain, subscription_ids },
            true => CopyForm::SharedV1 { message, qos, retain, subscription_ids },
        }
    }

    fn from_form(form: CopyForm) -> Self {
        let is_shared = matches!(form, CopyForm::SharedV1 { .. });
        let (CopyForm::V1 { message, qos, retain, subscription_ids }
        | CopyForm::SharedV1 { message, qos, retain, subscription_ids }) = form;
        let message = Arc::new(message.into_message());
        Self { message, qos, retain, is_shared, subscription_ids }
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum RetainedForm {
    V1(MessageForm),
}

impl Record for Arc<Message> {
    type Form = RetainedForm;

    fn to_form(&self) -> RetainedForm {
        RetainedForm::V1(MessageForm::of(self))
    }

    fn from_form(form: RetainedForm) -> Self {
        let RetainedForm::V1(message) = form;
        Self::new(message.into_message())
    }
}
