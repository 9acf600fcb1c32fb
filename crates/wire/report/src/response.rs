//! What the device is told on `…/accepted` and `…/rejected` (spec device-defender §1.8).

use std::borrow::Cow;

use picket_core::Timestamp;

use crate::Format;
use crate::document::{Node, parse, write};

/// How every `ErrorMessage` about a malformed report begins.
pub const MALFORMED: &str = "Malformed metrics report";

/// Why a report was refused: the `ErrorCode` member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RejectCode {
    /// The report or its topic is wrong.
    InvalidPayload,
    /// The report came too soon after the last accepted one.
    Throttled,
    /// A fault of the service; the same report may be sent again.
    InternalError,
}

impl RejectCode {
    /// The text on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidPayload => "InvalidPayload",
            Self::Throttled => "Throttled",
            Self::InternalError => "InternalError",
        }
    }
}

/// What became of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was parsed and stored.
    Accepted,
    /// It was refused.
    Rejected {
        /// `ErrorCode`; usually one of [`RejectCode`], other services may send more.
        code: String,
        /// `ErrorMessage`, for a person.
        message: String,
    },
}

/// The answer to one report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The thing level of the report's topic.
    pub thing_name: String,
    /// The report's id; absent if the report could not be read that far.
    pub report_id: Option<u64>,
    /// Accepted or not.
    pub outcome: Outcome,
    /// When the service answered.
    pub timestamp: Timestamp,
}

/// Why a document is no answer to a report.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the answer to a report cannot be read: {0}")]
pub struct ResponseError(String);

impl Response {
    /// The answer to a report that was stored.
    pub fn accepted(thing: &str, report_id: u64, now: Timestamp) -> Self {
        Self {
            thing_name: thing.to_owned(),
            report_id: Some(report_id),
            outcome: Outcome::Accepted,
            timestamp: now,
        }
    }

    /// The answer to a report that was refused.
    pub fn rejected(
        thing: &str,
        report_id: Option<u64>,
        code: RejectCode,
        message: impl Into<String>,
        now: Timestamp,
    ) -> Self {
        let outcome = Outcome::Rejected { code: code.as_str().to_owned(), message: message.into() };
        Self { thing_name: thing.to_owned(), report_id, outcome, timestamp: now }
    }

    /// Writes the document, in the encoding of the report it answers.
    pub fn encode(&self, format: Format) -> Vec<u8> {
        let mut members = vec![member("thingName", text(&self.thing_name))];
        if let Some(id) = self.report_id {
            members.push(member("reportId", Node::Unsigned(id)));
        }
        match &self.outcome {
            Outcome::Accepted => members.push(member("status", text("ACCEPTED"))),
            Outcome::Rejected { code, message } => {
                members.push(member("status", text("REJECTED")));
                let details =
                    vec![member("ErrorCode", text(code)), member("ErrorMessage", text(message))];
                members.push(member("statusDetails", Node::Map(details)));
            }
        }
        let ms = self.timestamp.as_millis();
        let ms = u64::try_from(ms).map_or(Node::Negative(ms), Node::Unsigned);
        members.push(member("timestamp", ms));
        write(format, &Node::Map(members))
    }

    /// Reads a document of ours or of AWS. Unknown members are ignored; a missing time is the epoch.
    pub fn decode(format: Format, bytes: &[u8]) -> Result<Self, ResponseError> {
        if bytes.len() > crate::REPORT_BYTES_MAX {
            return Err(ResponseError(format!("it has {} bytes", bytes.len())));
        }
        let node = parse(format, bytes, crate::NESTING_MAX).map_err(ResponseError)?;
        let outcome = match get_text(&node, "status") {
            Some("ACCEPTED") => Outcome::Accepted,
            Some("REJECTED") => rejection(&node),
            Some(other) => {
                let other: String = other.chars().take(64).collect();
                return Err(ResponseError(format!("status {other:?} is unknown")));
            }
            None => return Err(ResponseError("member `status` is missing".to_owned())),
        };
        Ok(Self {
            thing_name: get_text(&node, "thingName").unwrap_or_default().to_owned(),
            report_id: get(&node, "reportId").and_then(crate::decode::whole),
            outcome,
            timestamp: get(&node, "timestamp")
                .and_then(crate::decode::whole)
                .and_then(|ms| i64::try_from(ms).ok())
                .map_or_else(Timestamp::default, Timestamp::from_millis),
        })
    }
}

fn rejection(node: &Node<'_>) -> Outcome {
    let details = get(node, "statusDetails").unwrap_or(&Node::Null);
    let detail = |name| get_text(details, name).unwrap_or_default().to_owned();
    Outcome::Rejected { code: detail("ErrorCode"), message: detail("ErrorMessage") }
}

fn text(text: &str) -> Node<'_> {
    Node::Text(Cow::Borrowed(text))
}

const fn member<'a>(name: &'a str, value: Node<'a>) -> (Cow<'a, str>, Node<'a>) {
    (Cow::Borrowed(name), value)
}

fn get<'n, 'a>(node: &'n Node<'a>, name: &str) -> Option<&'n Node<'a>> {
    match node {
        Node::Map(members) => members.iter().find(|(key, _)| key == name).map(|(_, it)| it),
        _ => None,
    }
}

fn get_text<'n>(node: &'n Node<'_>, name: &str) -> Option<&'n str> {
    match get(node, name) {
        Some(Node::Text(text)) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_718_000_301_542);

    #[test]
    fn an_accepted_report_is_answered_in_the_documented_form() {
        let json = Response::accepted("pump-17", 1_718_000_300, NOW).encode(Format::Json);
        assert_eq!(
            String::from_utf8(json).unwrap(),
            r#"{"thingName":"pump-17","reportId":1718000300,"status":"ACCEPTED","timestamp":1718000301542}"#
        );
    }

    #[test]
    fn a_rejection_spells_its_details_with_capitals_and_leaves_out_an_unknown_id() {
        let answer = Response::rejected("a", None, RejectCode::InvalidPayload, MALFORMED, NOW);
        assert_eq!(
            String::from_utf8(answer.encode(Format::Json)).unwrap(),
            r#"{"thingName":"a","status":"REJECTED","statusDetails":{"ErrorCode":"InvalidPayload","ErrorMessage":"Malformed metrics report"},"timestamp":1718000301542}"#
        );
    }

    #[test]
    fn both_answers_come_back_from_both_encodings() {
        let refused = Response::rejected("a", Some(7), RejectCode::Throttled, "too soon", NOW);
        for answer in [Response::accepted("käse", 1, NOW), refused] {
            for format in [Format::Json, Format::Cbor] {
                assert_eq!(Response::decode(format, &answer.encode(format)), Ok(answer.clone()));
            }
        }
    }

    #[test]
    fn what_is_no_answer_says_why() {
        let error = Response::decode(Format::Json, br#"{"status":"MAYBE"}"#).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the answer to a report cannot be read: status \"MAYBE\" is unknown"
        );
    }
}
