//! Where everything about alarms stands in the engine's store.
//!
//! `e` events, newest first · `at`, `ap`, `as` the same by device, by profile, and by what they were found
//! to be · `ai` the events of one violation, oldest first · `av` verifications · `aq` news that not
//! everyone has been told · `an` the number of the next news · `al` how far a listener is · `am` the
//! version of the indexes.

use picket_core::Timestamp;
use picket_ports::alarms::{VerificationState, ViolationEvent, ViolationEventType};

/// Every event.
pub(super) const EVENTS: &[u8] = b"e";
/// Verifications by violation.
pub(super) const VERIFICATIONS: &[u8] = b"av";
/// News in order.
pub(super) const NEWS: &[u8] = b"aq";
/// The number of the next news.
pub(super) const NEXT_NEWS: &[u8] = b"an";
/// Whether old events are in the indexes.
pub(super) const INDEXED: &[u8] = b"am";

/// Digits of a violation id.
const ID_LEN: usize = 32;

/// The end of an event's key, which is the same in all indexes: when, which violation, what happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tail {
    pub(super) time: Timestamp,
    pub(super) violation_id: String,
    /// What happened, as a digit.
    pub(super) kind: u8,
}

impl Tail {
    pub(super) fn of(event: &ViolationEvent) -> Self {
        let kind = b'0' + event.event as u8;
        Self { time: event.time, violation_id: event.violation.violation_id.clone(), kind }
    }

    /// Reads the end of a key. `None` for a key that none of ours looks like.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let (time, rest) = bytes.split_first_chunk()?;
        let (kind, id) = rest.split_last()?;
        let shifted = !u64::from_be_bytes(*time);
        let time = Timestamp::from_millis(shifted.cast_signed().wrapping_sub(i64::MIN));
        Some(Self { time, violation_id: String::from_utf8(id.to_vec()).ok()?, kind: *kind })
    }

    /// Newest first: the time is written upside down.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = upside_down(self.time).to_vec();
        bytes.extend(self.violation_id.as_bytes());
        bytes.push(self.kind);
        bytes
    }

    /// Whether the event ended its violation.
    pub(super) fn is_end(&self) -> bool {
        self.kind != b'0' + ViolationEventType::InAlarm as u8
    }

    /// As a place in a list, for clients.
    pub(super) fn cursor(&self) -> String {
        format!("{}.{}.{}", self.time.as_millis(), self.violation_id, char::from(self.kind))
    }

    /// Reads a place back; `None` for another text.
    pub(super) fn from_cursor(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '.');
        let time = Timestamp::from_millis(parts.next()?.parse().ok()?);
        let violation_id = parts.next()?.to_owned();
        let kind = *parts.next()?.as_bytes().first()?;
        Some(Self { time, violation_id, kind })
    }
}

fn upside_down(time: Timestamp) -> [u8; 8] {
    (!time.as_millis().wrapping_add(i64::MIN).cast_unsigned()).to_be_bytes()
}

/// Where a list of what is older than `to` begins, in the index with this prefix: behind everything of
/// `to` itself, whose keys go on with a hex digit.
pub(super) fn before(prefix: &[u8], to: Timestamp) -> Vec<u8> {
    [prefix, &upside_down(to), &[0xff]].concat()
}

/// The key of an event in the index with this prefix.
pub(super) fn entry(prefix: &[u8], tail: &Tail) -> Vec<u8> {
    [prefix, &tail.bytes()].concat()
}

/// Prefix of the events of a device.
pub(super) fn of_thing(thing: &str) -> Vec<u8> {
    named(b"at", thing)
}

/// Prefix of the events of a profile.
pub(super) fn of_profile(profile: &str) -> Vec<u8> {
    named(b"ap", profile)
}

/// Prefix of the events of violations that were found to be this.
pub(super) fn of_state(state: VerificationState) -> Vec<u8> {
    vec![b'a', b's', state as u8]
}

/// Prefix of the events of one violation.
pub(super) fn of_violation(violation_id: &str) -> Vec<u8> {
    named(b"ai", violation_id)
}

/// An event among those of its violation, oldest first.
pub(super) fn in_episode(tail: &Tail) -> Vec<u8> {
    let mut key = of_violation(&tail.violation_id);
    key.extend(tail.time.as_millis().wrapping_add(i64::MIN).cast_unsigned().to_be_bytes());
    key.push(tail.kind);
    key
}

/// Reads back what [`in_episode`] wrote, from the key without its prefix.
pub(super) fn tail_in_episode(violation_id: &str, rest: &[u8]) -> Option<Tail> {
    let (time, kind) = rest.split_first_chunk()?;
    let shifted = u64::from_be_bytes(*time).cast_signed();
    let time = Timestamp::from_millis(shifted.wrapping_sub(i64::MIN));
    Some(Tail { time, violation_id: violation_id.to_owned(), kind: *kind.first()? })
}

/// The verification of a violation.
pub(super) fn verification(violation_id: &str) -> Vec<u8> {
    [VERIFICATIONS, violation_id.as_bytes()].concat()
}

/// News of this number.
pub(super) fn news(number: u64) -> Vec<u8> {
    [NEWS, &number.to_be_bytes()].concat()
}

/// The number in the key of news.
pub(super) fn number_of(key: &[u8]) -> u64 {
    number(key.get(NEWS.len()..).unwrap_or_default())
}

/// How far a listener is.
pub(super) fn listener(name: &str) -> Vec<u8> {
    [b"al", name.as_bytes()].concat()
}

/// A number as it is stored; 0 for anything else.
pub(super) fn number(bytes: &[u8]) -> u64 {
    bytes.try_into().map_or(0, u64::from_be_bytes)
}

/// A name with its length before it, so that no other name begins with it.
fn named(kind: &[u8], name: &str) -> Vec<u8> {
    let length = u32::try_from(name.len()).unwrap_or(u32::MAX);
    [kind, &length.to_be_bytes(), name.as_bytes()].concat()
}

/// A violation id as a number; `None` for a text that is none of ours.
pub(super) fn id(violation_id: &str) -> Option<u128> {
    let is_ours = violation_id.len() == ID_LEN
        && violation_id.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'));
    is_ours.then(|| u128::from_str_radix(violation_id, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tail(ms: i64) -> Tail {
        let violation_id = "0123456789abcdef0123456789abcdef".to_owned();
        Tail { time: Timestamp::from_millis(ms), violation_id, kind: b'1' }
    }

    #[test]
    fn newer_events_come_first_and_read_back() {
        let times = [i64::MAX / 2, 1_718_000_000_000, 1, 0, -1, i64::MIN / 2];
        let keys: Vec<Vec<u8>> = times.iter().map(|ms| tail(*ms).bytes()).collect();
        assert!(keys.is_sorted());
        for (ms, key) in times.iter().zip(&keys) {
            assert_eq!(Tail::read(key), Some(tail(*ms)));
            assert_eq!(Tail::from_cursor(&tail(*ms).cursor()), Some(tail(*ms)));
            let key = in_episode(&tail(*ms));
            let rest = key.get(of_violation(&tail(0).violation_id).len()..).unwrap();
            assert_eq!(tail_in_episode(&tail(0).violation_id, rest), Some(tail(*ms)));
        }
    }

    #[test]
    fn a_list_up_to_a_time_leaves_that_time_out() {
        let start = before(EVENTS, Timestamp::from_millis(10));
        assert!(entry(EVENTS, &tail(10)) < start && start < entry(EVENTS, &tail(9)));
    }

    #[test]
    fn texts_that_are_no_places_are_none() {
        for text in ["", "x", "1", "1.2", "1.2.", "a.b.c", "9223372036854775808.a.1"] {
            assert_eq!(Tail::from_cursor(text), None, "{text}");
        }
        assert_eq!((id("+f"), id("0123456789ABCDEF0123456789abcdef")), (None, None));
        assert_eq!(id("0000000000000000000000000000000f"), Some(15));
    }
}
