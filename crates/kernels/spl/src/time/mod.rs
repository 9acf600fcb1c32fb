//! Time in searches (spec siem §3.2, §3.8): relative and absolute instants, spans of buckets, and
//! times as text.

mod bucket;
mod format;
mod number_bin;
mod parse;
mod span;
mod spec;
mod unit;

pub use bucket::{floor_number, floor_time};
pub use format::strftime;
pub use number_bin::NumberSpan;
pub use parse::strptime;
pub use span::Span;
pub use spec::{TimeSpec, parse_spec};
pub use unit::Unit;

use jiff::ZonedDateTime;
use jiff::tz::TimeZone;
use picket_core::Timestamp;

/// The instant in a time zone; instants no calendar has become the nearest end of it.
pub(crate) fn zoned(at: Timestamp, zone: &TimeZone) -> ZonedDateTime {
    let end = if at.as_millis() < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
    let instant = jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or(end);
    instant.to_zoned_datetime(zone.clone())
}

/// The instant of a date and time, to the millisecond below.
pub(crate) fn instant(zoned: &ZonedDateTime) -> Timestamp {
    let micros = zoned.timestamp().as_microsecond();
    Timestamp::from_millis(micros.div_euclid(1000))
}
