//! The stores of the days, and the keys in them.

use jiff::tz::TimeZone;
use picket_core::Timestamp;

use super::kept::Origin;

/// What the names of the stores begin with.
pub(super) const PREFIX: &str = "detect-points-";
pub(super) const DAY_MS: i64 = 86_400_000;

/// A UTC day: days since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Day(i64);

impl Day {
    /// The day of an instant.
    pub(super) const fn of(at: Timestamp) -> Self {
        Self(at.as_millis().div_euclid(DAY_MS))
    }

    /// Its first instant.
    pub(super) const fn start(self) -> Timestamp {
        Timestamp::from_millis(self.0.saturating_mul(DAY_MS))
    }

    /// The first instant of the next day.
    pub(super) const fn end(self) -> Timestamp {
        Timestamp::from_millis(self.0.saturating_add(1).saturating_mul(DAY_MS))
    }

    /// The name of its store: `detect-points-2026-11-26`. `None` for times that no calendar has.
    pub(super) fn store_name(self) -> Option<String> {
        let instant = jiff::Timestamp::from_millisecond(self.start().as_millis()).ok()?;
        let date = TimeZone::UTC.to_datetime(instant).date();
        Some(format!("{PREFIX}{date}"))
    }

    /// The day whose store has this name.
    pub(super) fn of_store(name: &str) -> Option<Self> {
        let date: jiff::civil::Date = name.strip_prefix(PREFIX)?.parse().ok()?;
        let instant = TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok()?;
        Some(Self(instant.as_millisecond().div_euclid(DAY_MS)))
    }
}

/// What stands before the time in the keys of a device. Its records follow one another in time order.
pub(super) fn prefix_of(thing: &str) -> Vec<u8> {
    let mut key = Vec::with_capacity(thing.len() + 1 + TAIL);
    key.extend(thing.as_bytes());
    key.push(0);
    key
}

/// Bytes behind the device's name and its NUL.
const TAIL: usize = 8 + 8 + 1;

/// The key of a record.
pub(super) fn key(thing: &str, at: Timestamp, (sequence, origin): (u64, Origin)) -> Vec<u8> {
    let mut key = prefix_of(thing);
    key.extend(sortable(at));
    key.extend(sequence.to_be_bytes());
    key.push(origin as u8);
    key
}

/// A key that stands before all records of `thing` at `from` and later, and behind all earlier ones.
pub(super) fn before(thing: &str, from: Timestamp) -> Vec<u8> {
    let mut key = prefix_of(thing);
    key.extend(sortable(from));
    key
}

/// A key that stands behind all records of the device, and before all others that come later.
pub(super) fn behind(thing: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(thing.len() + 2 + TAIL);
    key.extend(thing);
    key.push(0);
    key.extend([0xff; TAIL + 1]);
    key
}

/// The device's name in a key.
pub(super) fn thing_bytes(key: &[u8]) -> &[u8] {
    key.get(..key.len().saturating_sub(TAIL + 1)).unwrap_or_default()
}

/// What a key says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct KeyParts<'a> {
    pub(super) thing: &'a str,
    pub(super) at: Timestamp,
    pub(super) sequence: u64,
    pub(super) origin: Origin,
}

/// Reads a key; `None` if it is damaged.
pub(super) fn read_key(key: &[u8]) -> Option<KeyParts<'_>> {
    let (head, tail) = key.split_at_checked(key.len().checked_sub(TAIL)?)?;
    let thing = std::str::from_utf8(head.strip_suffix(&[0])?).ok()?;
    let (time, tail) = tail.split_first_chunk::<8>()?;
    let (sequence, tail) = tail.split_first_chunk::<8>()?;
    let origin = *Origin::ALL.get(usize::from(*tail.first()?))?;
    let at = u64::from_be_bytes(*time).wrapping_sub(i64::MIN.cast_unsigned()).cast_signed();
    let sequence = u64::from_be_bytes(*sequence);
    Some(KeyParts { thing, at: Timestamp::from_millis(at), sequence, origin })
}

/// Big-endian, times before the epoch first.
const fn sortable(at: Timestamp) -> [u8; 8] {
    at.as_millis().wrapping_add(i64::MIN).cast_unsigned().to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_the_name_of_its_date() {
        let day = Day::of(Timestamp::from_millis(1_795_651_200_000 + 86_399_999));
        assert_eq!(day.store_name().unwrap(), "detect-points-2026-11-26");
        assert_eq!(Day::of_store("detect-points-2026-11-26"), Some(day));
        assert_eq!(day.end().since(day.start()).as_secs(), 86_400);
        assert_eq!(Day::of_store("detect-points-2026-13-26"), None);
        assert_eq!(Day::of_store("detect-series"), None);
    }

    #[test]
    fn keys_lie_by_device_and_then_by_time() {
        let at = Timestamp::from_millis;
        let keys = [
            key("a", at(-5), (1, Origin::Report)),
            before("a", at(3)),
            key("a", at(3), (0, Origin::Report)),
            key("a", at(3), (0, Origin::Window)),
            key("a", at(3), (7, Origin::Report)),
            key("a", at(900), (2, Origin::Report)),
            behind(b"a"),
            key("a1", at(1), (2, Origin::Report)),
            key("ab", at(1), (2, Origin::Report)),
        ];
        assert!(keys.is_sorted());
        let parts = read_key(&keys[4]).unwrap();
        assert_eq!((parts.thing, parts.at, parts.sequence), ("a", at(3), 7));
        assert_eq!(read_key(&keys[3]).unwrap().origin, Origin::Window);
        assert_eq!(read_key(&keys[0]).unwrap().at, at(-5));
        assert_eq!(read_key(b"a\0short"), None);
    }
}
