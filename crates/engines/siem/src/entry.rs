//! The records of the `siem` log: events on their way into a segment.

use std::collections::HashMap;
use std::fmt;

use bytes::Bytes;
use picket_core::Timestamp;
use picket_ports::IndexedEvent;
use serde::de::{Deserializer, Error, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// Events in one record at most; the number of an event is its record's number times this plus its
/// place in the record.
pub(crate) const RECORD_EVENTS_MAX: usize = 1 << 16;
/// A record is closed when its events have this many bytes.
const RECORD_BYTES: usize = 4 << 20;

/// A record, tagged by the version of its format.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Entry<'a> {
    #[serde(borrow)]
    V1(EntryV1<'a>),
}

/// Events that were written at one time. Names and metadata are numbers into `texts`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct EntryV1<'a> {
    pub(crate) index_time: i64,
    #[serde(borrow)]
    pub(crate) texts: Vec<&'a str>,
    pub(crate) events: Vec<StoredEvent<'a>>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct StoredEvent<'a> {
    pub(crate) time: i64,
    pub(crate) index: u32,
    pub(crate) host: u32,
    pub(crate) source: u32,
    pub(crate) sourcetype: u32,
    #[serde(borrow)]
    pub(crate) raw: Raw<'a>,
    #[serde(borrow)]
    pub(crate) fields: Vec<(u32, Vec<&'a str>)>,
}

/// Bytes that serialise in one piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Raw<'a>(pub(crate) &'a [u8]);

impl Serialize for Raw<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Raw<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Borrowed;
        impl<'de> Visitor<'de> for Borrowed {
            type Value = &'de [u8];
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }
            fn visit_borrowed_bytes<E: Error>(self, bytes: &'de [u8]) -> Result<&'de [u8], E> {
                Ok(bytes)
            }
        }
        deserializer.deserialize_bytes(Borrowed).map(Raw)
    }
}

impl EntryV1<'_> {
    pub(crate) fn text(&self, number: u32) -> &str {
        self.texts.get(number as usize).copied().unwrap_or_default()
    }
}

/// `events` as records of a bounded size, in order.
pub(crate) fn encode(
    events: &[IndexedEvent],
    now: Timestamp,
) -> Result<Vec<Bytes>, postcard::Error> {
    let mut records = Vec::new();
    let mut rest = events;
    while !rest.is_empty() {
        let (now_taken, later) = rest.split_at(record_length(rest));
        records.push(encode_record(now_taken, now)?);
        rest = later;
    }
    Ok(records)
}

fn record_length(events: &[IndexedEvent]) -> usize {
    let mut bytes = 0;
    for (at, event) in events.iter().take(RECORD_EVENTS_MAX).enumerate() {
        bytes += event.raw.len();
        if bytes > RECORD_BYTES && at > 0 {
            return at;
        }
    }
    events.len().min(RECORD_EVENTS_MAX)
}

fn encode_record(events: &[IndexedEvent], now: Timestamp) -> Result<Bytes, postcard::Error> {
    let mut texts = Texts::default();
    let stored = events
        .iter()
        .map(|event| StoredEvent {
            time: event.time.as_millis(),
            index: texts.number(&event.index),
            host: texts.number(&event.host),
            source: texts.number(&event.source),
            sourcetype: texts.number(&event.sourcetype),
            raw: Raw(&event.raw),
            fields: event
                .fields
                .iter()
                .map(|(name, values)| {
                    (texts.number(name), values.iter().map(String::as_str).collect())
                })
                .collect(),
        })
        .collect();
    let entry =
        Entry::V1(EntryV1 { index_time: now.as_millis(), texts: texts.texts, events: stored });
    postcard::to_stdvec(&entry).map(Bytes::from)
}

#[derive(Default)]
struct Texts<'a> {
    texts: Vec<&'a str>,
    numbers: HashMap<&'a str, u32, ahash::RandomState>,
}

impl<'a> Texts<'a> {
    fn number(&mut self, text: &'a str) -> u32 {
        *self.numbers.entry(text).or_insert_with(|| {
            self.texts.push(text);
            // A record has 2^16 events at most, and so far fewer than 2^32 texts.
            u32::try_from(self.texts.len() - 1).unwrap_or(u32::MAX)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(raw: &str) -> IndexedEvent {
        IndexedEvent {
            time: Timestamp::from_millis(-5),
            index: "iot".to_owned(),
            host: "h".to_owned(),
            source: "h".to_owned(),
            sourcetype: "st".to_owned(),
            raw: Bytes::copy_from_slice(raw.as_bytes()),
            fields: vec![("picket_id".to_owned(), vec!["x".to_owned(), "y".to_owned()])],
        }
    }

    #[test]
    fn a_record_reads_back_what_was_written() {
        let records = encode(&[event("a"), event("b")], Timestamp::from_millis(9)).unwrap();
        let Entry::V1(entry) = postcard::from_bytes(&records[0]).unwrap();
        assert_eq!(entry.index_time, 9);
        assert_eq!(entry.texts, ["iot", "h", "st", "picket_id"]);
        let second = &entry.events[1];
        assert_eq!((second.time, second.raw), (-5, Raw(b"b")));
        assert_eq!(entry.text(second.source), "h");
        assert_eq!(second.fields, [(3, vec!["x", "y"])]);
    }

    #[test]
    fn many_bytes_are_split_into_records_and_one_large_event_stays_whole() {
        let large = "x".repeat(RECORD_BYTES + 1);
        let events = [event("a"), event(&large), event(&large), event("b")];
        let records = encode(&events, Timestamp::default()).unwrap();
        let count = |record: &Bytes| {
            let Entry::V1(entry) = postcard::from_bytes(record).unwrap();
            entry.events.len()
        };
        assert_eq!(records.iter().map(count).collect::<Vec<_>>(), [1, 1, 1, 1]);
    }
}
