//! What a statement can see of a message.

use std::fmt;

use bytes::Bytes;
use picket_core::Timestamp;

/// One message and its surroundings.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// The topic; for Basic Ingest what follows the rule's name.
    pub topic: &'a str,
    /// The payload as sent.
    pub payload: &'a Bytes,
    /// The publisher's MQTT client id, if it is one.
    pub client_id: Option<&'a str>,
    /// The certificate id or user name of the publisher.
    pub principal: Option<&'a str>,
    /// Twelve digits.
    pub account_id: &'a str,
    /// The engine's time.
    pub now: Timestamp,
    /// What `traceid()` gives; absent when the message did not come by MQTT.
    pub trace_id: Option<&'a str>,
    /// MQTT 5 properties.
    pub properties: MqttProperties<'a>,
    /// Gives 122 or more random bits per call, for `newuuid()` and `rand()`.
    pub random: &'a (dyn Fn() -> u128 + Sync),
}

impl fmt::Debug for Input<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Input")
            .field("topic", &self.topic)
            .field("payload_bytes", &self.payload.len())
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// The MQTT 5 properties functions can ask for.
#[derive(Debug, Clone, Copy, Default)]
pub struct MqttProperties<'a> {
    /// 0 bytes, 1 UTF-8 text.
    pub payload_format: Option<u8>,
    /// MIME type.
    pub content_type: Option<&'a str>,
    /// Topic for the answer.
    pub response_topic: Option<&'a str>,
    /// Ties an answer to its question.
    pub correlation_data: Option<&'a [u8]>,
    /// Pairs in the order sent.
    pub user: &'a [(String, String)],
}
