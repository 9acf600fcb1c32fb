//! The message of a metrics export (spec device-defender §5.2, §5.3).

use std::sync::Arc;

use bytes::Bytes;
use picket_core::{MetricValue, Timestamp, TraceId};
use picket_ports::Message;
use serde::Serialize;

/// Entries of one message.
pub(crate) const ENTRIES_MAX: usize = 100;
/// Bytes of one message; a single larger entry gets a message of its own.
pub(crate) const BYTES_MAX: usize = 100_000;

const HEAD: &str = r#"{"version":"1.0","metrics":["#;
const TAIL: &str = "]}";

/// One entry of `metrics`.
#[derive(Debug, Serialize)]
pub(crate) struct Entry<'a> {
    pub(crate) name: &'a str,
    pub(crate) thing: &'a str,
    pub(crate) value: &'a MetricValue,
    pub(crate) timestamp: Timestamp,
    /// Always 1: a datapoint is final when it is exported, and a repeat is the same.
    pub(crate) version: u32,
    /// Absent where all topics count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) dimension: Option<ExportedDimension<'a>>,
    /// Tells the three values of `aws:message-byte-size` apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) statistic: Option<&'a str>,
}

/// A dimension with `IN` or `NOT_IN`.
#[derive(Debug, Serialize)]
pub(crate) struct ExportedDimension<'a> {
    pub(crate) name: &'a str,
    pub(crate) operator: &'a str,
}

impl Entry<'_> {
    /// The entry as JSON.
    pub(crate) fn json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
}

/// Gathers entries for one topic into messages.
#[derive(Debug)]
pub(crate) struct Batch {
    topic: Arc<str>,
    body: String,
    traces: Vec<TraceId>,
}

impl Batch {
    /// Nothing for `topic` so far.
    pub(crate) fn new(topic: Arc<str>) -> Self {
        Self { topic, body: String::new(), traces: Vec::new() }
    }

    /// Adds an entry; gives the message before it if that is full.
    pub(crate) fn push(&mut self, entry: &str, trace: TraceId, now: Timestamp) -> Option<Message> {
        let bytes = HEAD.len() + self.body.len() + 1 + entry.len() + TAIL.len();
        let full = self.traces.len() >= ENTRIES_MAX || bytes > BYTES_MAX;
        let message = if full { self.finish(now) } else { None };
        if self.body.is_empty() {
            self.body.push_str(HEAD);
        } else {
            self.body.push(',');
        }
        self.body.push_str(entry);
        self.traces.push(trace);
        message
    }

    /// The message of what is gathered; `None` if that is nothing.
    pub(crate) fn finish(&mut self, now: Timestamp) -> Option<Message> {
        if self.traces.is_empty() {
            return None;
        }
        let mut body = std::mem::take(&mut self.body);
        body.push_str(TAIL);
        let mut message =
            Message::from_service("detect", self.topic.clone(), Bytes::from(body), now);
        message.traces = std::mem::take(&mut self.traces).into();
        Some(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(sequence: u64) -> TraceId {
        TraceId { log: "reports".to_owned(), partition: 0, sequence }
    }

    #[test]
    fn an_entry_has_exactly_the_documented_members() {
        let value = MetricValue::Ports(vec![22, 443]);
        let timestamp = Timestamp::from_millis(1_718_000_512_345);
        let entry = Entry {
            name: "aws:listening-tcp-ports",
            thing: "cam-9",
            value: &value,
            timestamp,
            version: 1,
            dimension: None,
            statistic: None,
        };
        assert_eq!(
            entry.json().unwrap(),
            r#"{"name":"aws:listening-tcp-ports","thing":"cam-9","value":{"ports":[22,443]},"timestamp":1718000512345,"version":1}"#
        );
    }

    #[test]
    fn a_message_is_never_empty_and_never_over_its_limits() {
        let now = Timestamp::default();
        let mut batch = Batch::new(Arc::from("t"));
        assert_eq!(batch.finish(now), None);
        let long = format!("\"{}\"", "a".repeat(30_000));
        let entries = (0..250).map(|n| if n < 7 { long.clone() } else { n.to_string() });
        let mut messages: Vec<Message> = Vec::new();
        for (entry, n) in entries.zip(0..) {
            messages.extend(batch.push(&entry, trace(n), now));
        }
        messages.extend(batch.finish(now));
        let mut sequence = 0;
        for message in messages {
            assert!(message.payload.len() <= BYTES_MAX);
            let body: serde_json::Value = serde_json::from_slice(&message.payload).unwrap();
            let entries = body["metrics"].as_array().unwrap().len();
            assert!((1..=ENTRIES_MAX).contains(&entries));
            assert_eq!(entries, message.traces.len());
            assert_eq!(message.traces[0], trace(sequence));
            sequence += entries as u64;
        }
        assert_eq!(sequence, 250);
    }
}
