//! What a collector answers: the code table and the JSON body (spec delivery §5.3).

use serde::Deserialize;

/// A HEC answer's code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReplyCode {
    /// All accepted.
    Success,
    /// The token is known but switched off.
    TokenDisabled,
    /// Neither an `Authorization` header nor a query token.
    TokenRequired,
    /// An `Authorization` header that cannot be used.
    InvalidAuthorization,
    /// A token nobody knows.
    InvalidToken,
    /// An empty body.
    NoData,
    /// Broken JSON, a non-object item, bad gzip or an event that is too large.
    InvalidDataFormat,
    /// An index that does not exist or that the token may not write to.
    IncorrectIndex,
    /// A fault of the server.
    InternalError,
    /// Too much is waiting.
    Busy,
    /// Acknowledgements need a channel, and none was given.
    ChannelMissing,
    /// The channel is not a GUID.
    InvalidChannel,
    /// An envelope without `event`.
    EventRequired,
    /// `event` is null or empty text.
    EventBlank,
    /// An acknowledgement query with a token that has none.
    AckDisabled,
    /// `fields` is not a flat object, or `time` is not a time.
    IndexedFields,
    /// A token in the query where the token does not allow it.
    QueryStringDisabled,
    /// Healthy.
    Healthy,
    /// Unhealthy: queues are full.
    QueuesFull,
    /// Unhealthy: acknowledgements are not available.
    AckUnavailable,
    /// Unhealthy: both of the above.
    QueuesFullAckUnavailable,
    /// Health asked with an unknown token.
    HealthInvalidToken,
    /// Health asked with a disabled token.
    HealthTokenDisabled,
    /// The server is stopping.
    ShuttingDown,
    /// Accepted; the queue is nearly full.
    QueueWarning,
    /// Accepted; the acknowledgement channel is nearly full.
    AckWarning,
    /// Not accepted: the queue is full.
    QueueFull,
    /// Not accepted: the acknowledgement channel is full.
    AckFull,
}

type Row = (ReplyCode, u16, &'static str);

/// Each code with its HTTP status and text; a code's number is its place.
const TABLE: &[Row] = &[
    (ReplyCode::Success, 200, "Success"),
    (ReplyCode::TokenDisabled, 403, "Token disabled"),
    (ReplyCode::TokenRequired, 401, "Token is required"),
    (ReplyCode::InvalidAuthorization, 401, "Invalid authorization"),
    (ReplyCode::InvalidToken, 403, "Invalid token"),
    (ReplyCode::NoData, 400, "No data"),
    (ReplyCode::InvalidDataFormat, 400, "Invalid data format"),
    (ReplyCode::IncorrectIndex, 400, "Incorrect index"),
    (ReplyCode::InternalError, 500, "Internal server error"),
    (ReplyCode::Busy, 503, "Server is busy"),
    (ReplyCode::ChannelMissing, 400, "Data channel is missing"),
    (ReplyCode::InvalidChannel, 400, "Invalid data channel"),
    (ReplyCode::EventRequired, 400, "Event field is required"),
    (ReplyCode::EventBlank, 400, "Event field cannot be blank"),
    (ReplyCode::AckDisabled, 400, "ACK is disabled"),
    (ReplyCode::IndexedFields, 400, "Error in handling indexed fields"),
    (ReplyCode::QueryStringDisabled, 400, "Query string authorization is not enabled"),
    (ReplyCode::Healthy, 200, "HEC is healthy"),
    (ReplyCode::QueuesFull, 503, "HEC is unhealthy, queues are full"),
    (ReplyCode::AckUnavailable, 503, "HEC is unhealthy, ack service unavailable"),
    (
        ReplyCode::QueuesFullAckUnavailable,
        503,
        "HEC is unhealthy, queues are full, ack service unavailable",
    ),
    (ReplyCode::HealthInvalidToken, 400, "Invalid token"),
    (ReplyCode::HealthTokenDisabled, 400, "Token disabled"),
    (ReplyCode::ShuttingDown, 503, "Server is shutting down"),
    (ReplyCode::QueueWarning, 200, "HEC queue is approaching its capacity limit"),
    (ReplyCode::AckWarning, 200, "HEC ACK is approaching its capacity limit"),
    (ReplyCode::QueueFull, 429, "HEC queue is at capacity and cannot process any more requests"),
    (
        ReplyCode::AckFull,
        429,
        "HEC ACK channel is at capacity and cannot process any more requests",
    ),
];

impl ReplyCode {
    /// The number on the wire.
    pub const fn number(self) -> u16 {
        self as u16
    }

    /// The HTTP status that goes with it.
    pub fn status(self) -> u16 {
        TABLE.get(usize::from(self.number())).map_or(500, |row| row.1)
    }

    /// The text that goes with it.
    pub fn text(self) -> &'static str {
        TABLE.get(usize::from(self.number())).map_or("", |row| row.2)
    }

    /// The code with this number, if there is one.
    pub fn from_number(number: u64) -> Option<Self> {
        TABLE.get(usize::try_from(number).ok()?).map(|row| row.0)
    }
}

/// An answer as the server writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reply {
    /// The code.
    pub code: ReplyCode,
    /// For a refused batch: which object. For code 7 the one after the bad one.
    pub invalid_event_number: Option<u64>,
    /// The acknowledgement id, where the token uses acknowledgements.
    pub ack_id: Option<u64>,
}

impl Reply {
    /// An answer with nothing but its code.
    pub const fn of(code: ReplyCode) -> Self {
        Self { code, invalid_event_number: None, ack_id: None }
    }

    /// The body: compact JSON in the order text, code, invalid-event-number, ackId.
    pub fn to_json(&self) -> String {
        // The texts of the table hold nothing that JSON would escape.
        let mut json =
            format!("{{\"text\":\"{}\",\"code\":{}", self.code.text(), self.code.number());
        if let Some(number) = self.invalid_event_number {
            json.push_str(&format!(",\"invalid-event-number\":{number}"));
        }
        if let Some(id) = self.ack_id {
            json.push_str(&format!(",\"ackId\":{id}"));
        }
        json.push('}');
        json
    }
}

/// An answer as a client reads it: whatever is there, nothing required but the code.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ReplyBody {
    /// The number, which may be one this crate does not know.
    pub code: u64,
    /// The text, for people.
    #[serde(default)]
    pub text: String,
    /// Which object was refused.
    #[serde(default, rename = "invalid-event-number")]
    pub invalid_event_number: Option<u64>,
    /// The acknowledgement id.
    #[serde(default, rename = "ackId")]
    pub ack_id: Option<u64>,
}

impl ReplyBody {
    /// Reads an answer. `None` if it is not a HEC answer (a proxy's error page, say).
    pub fn parse(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok()
    }

    /// The code, if it is one of the table.
    pub fn known_code(&self) -> Option<ReplyCode> {
        ReplyCode::from_number(self.code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_stands_at_the_place_of_its_number() {
        for (place, row) in TABLE.iter().enumerate() {
            assert_eq!(usize::from(row.0.number()), place, "{:?}", row.0);
            assert!(!row.2.contains(['"', '\\']));
        }
        assert_eq!(ReplyCode::AckFull.number(), 27);
        assert_eq!(ReplyCode::from_number(28), None);
    }

    #[test]
    fn members_come_in_splunks_order() {
        let reply = Reply {
            code: ReplyCode::InvalidDataFormat,
            invalid_event_number: Some(2),
            ack_id: Some(7),
        };
        let json = reply.to_json();
        assert_eq!(
            json,
            r#"{"text":"Invalid data format","code":6,"invalid-event-number":2,"ackId":7}"#
        );
        let body = ReplyBody::parse(json.as_bytes()).unwrap();
        assert_eq!((body.code, body.invalid_event_number, body.ack_id), (6, Some(2), Some(7)));
        assert_eq!(Reply::of(ReplyCode::Success).to_json(), r#"{"text":"Success","code":0}"#);
    }

    #[test]
    fn a_proxys_error_page_is_not_an_answer() {
        assert_eq!(ReplyBody::parse(b"<html>bad gateway</html>"), None);
    }
}
