//! What an answer, or the lack of one, means (spec delivery §2.6, §6).

use std::error::Error;
use std::io;
use std::time::Duration;

use picket_wire_hec::ReplyCode;
use picket_wire_hec::reply::ReplyBody;

use super::channel::Acknowledged;

/// Longest pause a server may ask for.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(300);

/// What to do about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// Send the same again, later.
    Retry,
    /// Object `number`, from 0, is bad; those before it were taken, those after it were not looked at.
    SetAside { number: u64 },
    /// The body is too large.
    Halve,
    /// Sending again is pointless.
    GiveUp,
}

/// A request that did not succeed.
#[derive(Debug)]
pub(crate) struct HecFailure {
    /// Firehose's error code.
    pub(crate) code: &'static str,
    /// For people.
    pub(crate) message: String,
    pub(crate) remedy: Remedy,
    /// The server's wish.
    pub(crate) retry_after: Option<Duration>,
    /// The acknowledgement id of the part that was taken.
    pub(crate) ack_id: Option<u64>,
    /// Resolves when that part is acknowledged.
    pub(crate) part: Option<Acknowledged>,
}

impl HecFailure {
    pub(crate) fn retry(code: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { code, message, remedy: Remedy::Retry, retry_after: None, ack_id: None, part: None }
    }
}

/// Firehose's code for a HEC code, with a hint for people.
const TABLE: &[(ReplyCode, &str, &str)] = &[
    (ReplyCode::TokenDisabled, "Splunk.DisabledToken", "enable the token"),
    (ReplyCode::TokenRequired, "Splunk.InvalidToken", "check HECToken"),
    (ReplyCode::InvalidAuthorization, "Splunk.InvalidToken", "check HECToken"),
    (ReplyCode::InvalidToken, "Splunk.InvalidToken", "check HECToken"),
    (ReplyCode::NoData, "Splunk.InvalidDataFormat", "the request held no data"),
    (ReplyCode::InvalidDataFormat, "Splunk.InvalidDataFormat", "each record must be HEC events"),
    (ReplyCode::IncorrectIndex, "Splunk.InvalidIndex", "check the token's indexes"),
    (ReplyCode::InternalError, "Splunk.ServerError", "see the collector's log"),
    (ReplyCode::Busy, "Splunk.IndexerBusy", "the collector's queue is full"),
    (ReplyCode::ChannelMissing, "Splunk.ProxyWithoutStickySessions", "check the load balancer"),
    (ReplyCode::InvalidChannel, "Splunk.ProxyWithoutStickySessions", "check the load balancer"),
    (ReplyCode::EventRequired, "Splunk.InvalidDataFormat", "an envelope has no `event`"),
    (ReplyCode::EventBlank, "Splunk.InvalidDataFormat", "an `event` is blank"),
    (ReplyCode::AckDisabled, "Splunk.DisabledAck", "enable indexer acknowledgement on the token"),
    (
        ReplyCode::IndexedFields,
        "Splunk.InvalidDataFormat",
        "`fields` or `time` of an envelope is bad",
    ),
    (ReplyCode::QueuesFull, "Splunk.IndexerBusy", "the collector's queue is full"),
    (ReplyCode::AckUnavailable, "Splunk.IndexerBusy", "acknowledgement is not available"),
    (ReplyCode::QueuesFullAckUnavailable, "Splunk.IndexerBusy", "the collector's queue is full"),
    (ReplyCode::HealthInvalidToken, "Splunk.InvalidToken", "check HECToken"),
    (ReplyCode::HealthTokenDisabled, "Splunk.DisabledToken", "enable the token"),
    (ReplyCode::ShuttingDown, "Splunk.IndexerBusy", "the collector is shutting down"),
    (ReplyCode::QueueFull, "Splunk.IndexerBusy", "the collector's queue is full"),
    (ReplyCode::AckFull, "Splunk.IndexerBusy", "too many acknowledgements are pending"),
];

/// Reads an answer that is not a success.
pub(crate) fn of_answer(status: u16, body: &[u8], retry_after: Option<&str>) -> HecFailure {
    let reply = ReplyBody::parse(body);
    let known = reply.as_ref().and_then(ReplyBody::known_code);
    let row = known.and_then(|code| TABLE.iter().find(|row| row.0 == code));
    let (code, hint) = match (row, status) {
        (Some(row), _) => (row.1, row.2),
        (None, 401 | 403) => ("Splunk.InvalidToken", "check HECToken"),
        (None, 404) => ("Splunk.InvalidEndpoint", "check HECEndpoint"),
        (None, 413) => ("Splunk.InvalidDataFormat", "the request is too large"),
        (None, 429 | 503) => ("Splunk.IndexerBusy", "the collector is busy"),
        (None, 300..400) => ("Splunk.InvalidEndpoint", "redirects are not followed"),
        (None, 400..500) => ("Splunk.InvalidDataFormat", "the collector refused the request"),
        (None, _) => ("Splunk.ServerError", "see the collector's log"),
    };
    let said = match &reply {
        Some(reply) => format!("code {}, {:?}", reply.code, reply.text),
        None => "no HEC answer".to_owned(),
    };
    HecFailure {
        code,
        message: format!("the collector answered {status} ({said}): {hint}"),
        remedy: remedy_of(status, known, reply.as_ref()),
        retry_after: retry_after.and_then(parse_retry_after),
        ack_id: reply.and_then(|reply| reply.ack_id),
        part: None,
    }
}

fn remedy_of(status: u16, code: Option<ReplyCode>, reply: Option<&ReplyBody>) -> Remedy {
    let number = reply.and_then(|reply| reply.invalid_event_number);
    match (code, number) {
        _ if status == 413 => Remedy::Halve,
        (Some(ReplyCode::IncorrectIndex), Some(next)) if next > 0 => {
            Remedy::SetAside { number: next - 1 }
        }
        (
            Some(
                ReplyCode::InvalidDataFormat
                | ReplyCode::EventRequired
                | ReplyCode::EventBlank
                | ReplyCode::IndexedFields,
            ),
            Some(number),
        ) => Remedy::SetAside { number },
        _ => Remedy::Retry,
    }
}

fn parse_retry_after(text: &str) -> Option<Duration> {
    let seconds: u64 = text.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(RETRY_AFTER_MAX))
}

/// Reads the error of a request that got no answer.
pub(crate) fn of_error(error: &reqwest::Error) -> HecFailure {
    let causes = causes_of(error);
    let code = if let Some(code) = causes.iter().find_map(|cause| tls_code(*cause)) {
        code
    } else if error.is_timeout() {
        "Splunk.ConnectionTimeout"
    } else if error.is_connect() {
        match causes.iter().find_map(|cause| cause.downcast_ref::<io::Error>()).map(io::Error::kind)
        {
            Some(io::ErrorKind::TimedOut) => "Splunk.ConnectionTimeout",
            Some(io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof) => {
                "Splunk.ConnectionClosed"
            }
            _ => "Splunk.InvalidEndpoint",
        }
    } else {
        "Splunk.ConnectionClosed"
    };
    // The innermost cause says most; the URL is known and may be long.
    let last = causes.last().map_or_else(|| "unknown".to_owned(), ToString::to_string);
    HecFailure::retry(code, format!("no answer from the collector: {last}"))
}

/// The error and what it came from, outermost first, looking into what `io::Error` wraps.
fn causes_of<'e>(error: &'e (dyn Error + 'static)) -> Vec<&'e (dyn Error + 'static)> {
    let mut causes = vec![error];
    let mut next = error.source();
    while let Some(cause) = next.filter(|_| causes.len() < 16) {
        causes.push(cause);
        let wrapped = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match wrapped {
            Some(inner) => Some(inner as &(dyn Error + 'static)),
            None => cause.source(),
        };
    }
    causes
}

fn tls_code(cause: &(dyn Error + 'static)) -> Option<&'static str> {
    use rustls::{CertificateError, Error};
    match cause.downcast_ref::<Error>()? {
        Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => Some("Splunk.SSLUnverified"),
        _ => Some("Splunk.SSLHandshake"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_have_firehoses_codes_and_a_remedy() {
        for (status, body, code, remedy) in [
            (403, r#"{"text":"Invalid token","code":4}"#, "Splunk.InvalidToken", Remedy::Retry),
            (403, r#"{"text":"Token disabled","code":1}"#, "Splunk.DisabledToken", Remedy::Retry),
            (
                400,
                r#"{"text":"Invalid data format","code":6,"invalid-event-number":2}"#,
                "Splunk.InvalidDataFormat",
                Remedy::SetAside { number: 2 },
            ),
            (
                400,
                r#"{"text":"Invalid data format","code":6}"#,
                "Splunk.InvalidDataFormat",
                Remedy::Retry,
            ),
            (
                400,
                r#"{"text":"Incorrect index","code":7,"invalid-event-number":2}"#,
                "Splunk.InvalidIndex",
                Remedy::SetAside { number: 1 },
            ),
            (400, r#"{"text":"Incorrect index","code":7}"#, "Splunk.InvalidIndex", Remedy::Retry),
            (503, r#"{"text":"Server is busy","code":9}"#, "Splunk.IndexerBusy", Remedy::Retry),
            (503, "<html>", "Splunk.IndexerBusy", Remedy::Retry),
            (502, "<html>", "Splunk.ServerError", Remedy::Retry),
            (404, r#"{"text":"not found","code":404}"#, "Splunk.InvalidEndpoint", Remedy::Retry),
            (413, "", "Splunk.InvalidDataFormat", Remedy::Halve),
            (302, "", "Splunk.InvalidEndpoint", Remedy::Retry),
            (400, r#"{"text":"x","code":10}"#, "Splunk.ProxyWithoutStickySessions", Remedy::Retry),
        ] {
            let failure = of_answer(status, body.as_bytes(), None);
            assert_eq!((failure.code, failure.remedy), (code, remedy), "{status} {body}");
        }
    }

    #[test]
    fn a_wish_for_later_is_honoured_within_bounds() {
        let after = |text| of_answer(503, b"", Some(text)).retry_after;
        assert_eq!(after("7"), Some(Duration::from_secs(7)));
        assert_eq!(after("99999999"), Some(RETRY_AFTER_MAX));
        assert_eq!(after("Wed, 21 Oct 2015 07:28:00 GMT"), None);
    }
}
