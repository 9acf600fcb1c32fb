//! The words for what a server answers.

use std::fmt;

/// A server's "no": its reason code and its own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The MQTT 5 reason code; 3.1.1 return codes are translated to it.
    pub code: u8,
    /// The server's reason string (MQTT 5 only), shortened and with control characters escaped.
    pub detail: Option<String>,
}

impl Refusal {
    pub(crate) fn v5(code: u8, detail: Option<&str>) -> Self {
        let detail = detail.filter(|text| !text.is_empty());
        let detail =
            detail.map(|text| text.chars().take(200).flat_map(char::escape_debug).collect());
        Self { code, detail }
    }

    /// From the return code of a 3.1.1 CONNACK.
    pub(crate) fn v3_connect(code: u8) -> Self {
        let code = match code {
            1 => 0x84,
            2 => 0x85,
            3 => 0x88,
            4 => 0x86,
            5 => 0x87,
            _ => 0x80,
        };
        Self { code, detail: None }
    }

    /// Whether the server knows us and says that we may not.
    pub fn is_denied(&self) -> bool {
        matches!(self.code, 0x86 | 0x87 | 0x8a | 0x8c)
    }

    /// Whether trying the same again later may help.
    pub fn is_temporary(&self) -> bool {
        matches!(self.code, 0x88 | 0x89 | 0x8b | 0x96 | 0x97 | 0x9f)
    }

    fn words(&self) -> &'static str {
        match self.code {
            0x00 => "normal end",
            0x04 => "end with will message",
            0x10 => "no matching subscribers",
            0x81 => "malformed packet",
            0x82 => "protocol error",
            0x83 => "refused for a reason of its own",
            0x84 => "protocol version not supported",
            0x85 => "client id not valid",
            0x86 => "bad user name or password",
            0x87 => "not authorized",
            0x88 => "server unavailable",
            0x89 => "server busy",
            0x8a => "banned",
            0x8b => "server shutting down",
            0x8c => "bad authentication method",
            0x8d => "keep-alive timeout",
            0x8e => "session taken over by another connection with the same client id",
            0x8f => "topic filter not valid",
            0x90 => "topic name not valid",
            0x91 => "packet identifier in use",
            0x93 => "too many unacknowledged messages",
            0x94 => "topic alias not valid",
            0x95 => "packet too large",
            0x96 => "message rate too high",
            0x97 => "quota exceeded",
            0x98 => "administrative action",
            0x99 => "payload format not valid",
            0x9a => "retained messages not supported",
            0x9b => "QoS not supported",
            0x9c | 0x9d => "use another server",
            0x9e => "shared subscriptions not supported",
            0x9f => "connection rate exceeded",
            0xa0 => "longest connection time reached",
            0xa1 => "subscription identifiers not supported",
            0xa2 => "wildcard subscriptions not supported",
            _ => "unspecified error",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (reason code 0x{:02x})", self.words(), self.code)?;
        match &self.detail {
            Some(detail) => write!(f, ": {detail}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_its_reason_and_the_servers_words_without_control_characters() {
        let refusal = Refusal::v5(0x87, Some("no\npolicy"));
        assert_eq!(refusal.to_string(), "not authorized (reason code 0x87): no\\npolicy");
        assert!(refusal.is_denied());
    }

    #[test]
    fn return_codes_of_3_1_1_become_reason_codes() {
        assert!(Refusal::v3_connect(5).is_denied());
        assert!(Refusal::v3_connect(3).is_temporary());
    }
}
