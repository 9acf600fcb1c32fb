//! The message that a call of Publish or SendDirectMessage brings.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use picket_ports::Message;
use picket_ports::messages::{MessageProperties, Origin};
use picket_session::{Destination, TopicLimits, check_topic, destination};
use picket_wire_aws::{AwsCode, AwsError};

use super::user_properties;
use crate::call::{Call, shortened};
use crate::fault::ApiError;
use crate::operation::ApiResult;

/// AWS's limits (spec iot-core §3.5).
const TOPICS: TopicLimits = TopicLimits { bytes_max: 256, slashes_max: 7 };
const PAYLOAD_BYTES_MAX: usize = 128 * 1024;
const EXPIRY_SECONDS_MAX: u32 = 604_800;
const CONTENT_TYPE_BYTES_MAX: usize = 256;

impl Call {
    /// The message that the caller wants published. Its rights are not looked at here.
    pub(super) fn message(&self) -> ApiResult<Message> {
        let topic = self.label("topic")?;
        check(topic, "the topic")?;
        let retain = self.query_flag("retain")?;
        match destination(topic) {
            Destination::Unsupported => {
                return Err(ApiError::invalid(format!(
                    "the reserved topic `{}` cannot be published to",
                    shortened(topic)
                )));
            }
            Destination::Report { .. } | Destination::RulesOnly if retain => {
                return Err(ApiError::invalid("a message on a reserved topic cannot be retained"));
            }
            _ => {}
        }
        let qos = self.query_number::<u8>("qos", 0..=1)?.unwrap_or(0);
        // A long in AWS's model; what is too much is reduced.
        let expiry = self.query_number::<i64>("messageExpiry", 0..=i64::MAX)?;
        let expiry = expiry.map(|seconds| u32::try_from(seconds).unwrap_or(u32::MAX));
        let mut message = self.message_on(topic, qos)?;
        message.retain = retain;
        message.properties.expiry_seconds =
            expiry.map(|seconds| seconds.clamp(1, EXPIRY_SECONDS_MAX));
        Ok(message)
    }

    /// The message that the caller wants sent to one client.
    pub(super) fn direct_message(&self, qos: u8) -> ApiResult<Message> {
        let topic = self.query_needed("topic")?;
        check(topic, "the topic")?;
        if topic.starts_with('$') {
            return Err(ApiError::invalid(format!(
                "the topic `{}` is reserved: nothing can be sent on it",
                shortened(topic)
            )));
        }
        self.message_on(topic, qos)
    }

    /// The body and what the request says of it.
    fn message_on(&self, topic: &str, qos: u8) -> ApiResult<Message> {
        if self.body.len() > PAYLOAD_BYTES_MAX {
            let text = format!(
                "the payload is {} bytes long; {PAYLOAD_BYTES_MAX} are possible",
                self.body.len()
            );
            return Err(AwsError::new(AwsCode::RequestEntityTooLarge, text).into());
        }
        Ok(Message {
            topic: topic.into(),
            payload: self.body.clone(),
            qos,
            retain: false,
            properties: self.properties()?,
            origin: Origin::Http { principal: self.caller.name().into() },
            arrived: self.now(),
            traces: Arc::default(),
            depth: 0,
        })
    }

    fn properties(&self) -> ApiResult<MessageProperties> {
        let response_topic = self.query("responseTopic").filter(|topic| !topic.is_empty());
        if let Some(topic) = response_topic {
            check(topic, "the response topic")?;
        }
        let content_type = self.query("contentType").filter(|kind| !kind.is_empty());
        if content_type.is_some_and(|kind| kind.len() > CONTENT_TYPE_BYTES_MAX) {
            let text = format!("the content type is longer than {CONTENT_TYPE_BYTES_MAX} bytes");
            return Err(ApiError::invalid(text));
        }
        let user = match self.decoded_header("x-amz-mqtt5-user-properties")? {
            Some(text) => user_properties::read(&text)
                .map_err(|problem| ApiError::invalid(format!("the user properties: {problem}")))?,
            None => Vec::new(),
        };
        Ok(MessageProperties {
            payload_format: self.payload_format()?,
            expiry_seconds: None,
            content_type: content_type.map(str::to_owned),
            response_topic: response_topic.map(str::to_owned),
            correlation_data: self.decoded_header("x-amz-mqtt5-correlation-data")?.map(Bytes::from),
            user,
        })
    }

    fn payload_format(&self) -> ApiResult<Option<u8>> {
        match self.header("x-amz-mqtt5-payload-format-indicator") {
            None | Some("") => Ok(None),
            Some("UNSPECIFIED_BYTES") => Ok(Some(0)),
            Some("UTF8_DATA") => Ok(Some(1)),
            Some(other) => Err(ApiError::invalid(format!(
                "the payload format indicator is `{}`; it must be UNSPECIFIED_BYTES or UTF8_DATA",
                shortened(other)
            ))),
        }
    }

    fn decoded_header(&self, name: &str) -> ApiResult<Option<Vec<u8>>> {
        let Some(text) = self.header(name).filter(|text| !text.is_empty()) else { return Ok(None) };
        let decoded = STANDARD.decode(text);
        decoded.map(Some).map_err(|error| {
            ApiError::invalid(format!("the header `{name}` is not base64: {error}"))
        })
    }
}

fn check(topic: &str, what: &str) -> ApiResult<()> {
    check_topic(topic, &TOPICS).map_err(|problem| {
        ApiError::invalid(format!(
            "{what} `{}` cannot be published to: {problem}",
            shortened(topic)
        ))
    })
}
