//! How a record stands in its stream's log, and what it is called.

use bytes::{BufMut, Bytes, BytesMut};
use picket_core::{Timestamp, TraceId};
use picket_ports::Record;
use serde::{Deserialize, Serialize};

/// Largest record: Firehose's 1,000 KiB (spec delivery §1.3).
pub const RECORD_BYTES_MAX: usize = 1_024_000;

/// What stands before the bytes. Tagged by version: a variant is never changed, only added.
#[derive(Debug, Serialize, Deserialize)]
enum Head {
    V1 { arrived: Timestamp, traces: Vec<TraceId> },
}

/// A stored record that cannot be read back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the stored record is damaged or of a newer version")]
pub(crate) struct DamagedRecord;

/// `<length of the head, u32 LE><head><data>`: the data is taken out again without a copy.
pub(crate) fn encode(record: &Record) -> Bytes {
    let head = Head::V1 { arrived: record.arrived, traces: record.traces.clone() };
    // The types of the head have no failing serializer.
    let head = postcard::to_stdvec(&head).unwrap_or_default();
    let mut bytes = BytesMut::with_capacity(4 + head.len() + record.data.len());
    bytes.put_u32_le(u32::try_from(head.len()).unwrap_or(u32::MAX));
    bytes.put_slice(&head);
    bytes.put_slice(&record.data);
    bytes.freeze()
}

pub(crate) fn decode(payload: &Bytes) -> Result<Record, DamagedRecord> {
    let length = payload.first_chunk::<4>().ok_or(DamagedRecord)?;
    let end = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| DamagedRecord)?;
    let end = end.checked_add(4).ok_or(DamagedRecord)?;
    let head = payload.get(4..end).ok_or(DamagedRecord)?;
    let Head::V1 { arrived, traces } = postcard::from_bytes(head).map_err(|_| DamagedRecord)?;
    Ok(Record { data: payload.slice(end..), arrived, traces })
}

/// Names the records of one stream: 56 digits, the same for a record at all times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RecordNames(u64);

impl RecordNames {
    pub(crate) fn of(stream: &str) -> Self {
        Self(fnv(stream))
    }

    fn digits(self, sequence: u64) -> String {
        format!("49{:020}{sequence:034}", self.0)
    }

    /// The id the producer and a function see: 62 digits.
    pub(crate) fn record_id(self, sequence: u64) -> String {
        format!("{}000000", self.digits(sequence))
    }

    /// The id in a failed record's line.
    pub(crate) fn event_id(self, sequence: u64) -> String {
        format!("{}.0", self.digits(sequence))
    }
}

/// The name of a stream's log: what logs allow, bounded, and different for different streams.
pub(crate) fn log_name(stream: &str) -> String {
    let readable: String = stream
        .chars()
        .take(24)
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
        .collect();
    format!("delivery-{readable}-{:016x}", fnv(stream))
}

fn fnv(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ids_have_firehoses_shape() {
        let names = RecordNames::of("s");
        let id = names.record_id(42);
        assert_eq!(id.len(), 62);
        assert!(id.bytes().all(|byte| byte.is_ascii_digit()) && id.ends_with("042000000"));
        let event = names.event_id(42);
        assert_eq!(
            event.split_once('.').map(|(digits, rest)| (digits.len(), rest)),
            Some((56, "0"))
        );
        assert_ne!(RecordNames::of("t").record_id(42), id);
    }

    #[test]
    fn names_that_differ_only_in_case_have_different_logs() {
        assert_eq!(log_name("My_Stream.1").split('-').next(), Some("delivery"));
        assert!(log_name("My_Stream.1").starts_with("delivery-my-stream-1-"));
        assert_ne!(log_name("a"), log_name("A"));
        assert!(log_name(&"x".repeat(64)).len() < 64);
    }

    #[test]
    fn a_record_of_the_first_version_is_still_read() {
        let stored = [12, 0, 0, 0, 0, 240, 241, 203, 242, 131, 101, 1, 1, 114, 3, 42, b'h', b'i'];
        let record = decode(&Bytes::copy_from_slice(&stored)).unwrap();
        let trace = TraceId { log: "r".to_owned(), partition: 3, sequence: 42 };
        assert_eq!(record.arrived, Timestamp::from_millis(1_735_689_600_120));
        assert_eq!(
            (record.data.as_ref(), record.traces.as_slice()),
            (b"hi".as_slice(), &[trace][..])
        );
    }

    proptest! {
        #[test]
        fn a_record_comes_back_as_it_was(
            data in prop::collection::vec(any::<u8>(), 0..200),
            ms in any::<i64>(),
            traces in prop::collection::vec(("[a-z]{1,8}", any::<u16>(), any::<u64>()), 0..5),
        ) {
            let traces = traces.into_iter()
                .map(|(log, partition, sequence)| TraceId { log, partition, sequence }).collect();
            let record = Record { data: data.into(), arrived: Timestamp::from_millis(ms), traces };
            prop_assert_eq!(decode(&encode(&record)), Ok(record));
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            drop(decode(&Bytes::from(bytes)));
        }
    }
}
