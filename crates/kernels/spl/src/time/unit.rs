//! Units of time and their spellings.

use jiff::civil::{Date, Time, Weekday};
use jiff::{Span as JiffSpan, ToSpan, ZonedDateTime};

/// A unit of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    /// `us`.
    Microsecond,
    /// `ms`.
    Millisecond,
    /// `cs`.
    Centisecond,
    /// `ds`.
    Decisecond,
    /// `s`.
    Second,
    /// `m`.
    Minute,
    /// `h`.
    Hour,
    /// `d`.
    Day,
    /// `w`.
    Week,
    /// `mon`.
    Month,
    /// `q`.
    Quarter,
    /// `y`.
    Year,
}

const SPELLINGS: &[(Unit, &[&str])] = &[
    (Unit::Microsecond, &["us"]),
    (Unit::Millisecond, &["ms"]),
    (Unit::Centisecond, &["cs"]),
    (Unit::Decisecond, &["ds"]),
    (Unit::Second, &["s", "sec", "secs", "second", "seconds"]),
    (Unit::Minute, &["m", "min", "mins", "minute", "minutes"]),
    (Unit::Hour, &["h", "hr", "hrs", "hour", "hours"]),
    (Unit::Day, &["d", "day", "days"]),
    (Unit::Week, &["w", "week", "weeks"]),
    (Unit::Month, &["mon", "month", "months"]),
    (Unit::Quarter, &["q", "qtr", "qtrs", "quarter", "quarters"]),
    (Unit::Year, &["y", "yr", "yrs", "year", "years"]),
];

impl Unit {
    /// The unit with this spelling, in any case.
    pub fn named(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let row = SPELLINGS.iter().find(|(_, spellings)| spellings.contains(&name.as_str()));
        row.map(|(unit, _)| *unit)
    }

    /// All spellings, for hints.
    pub(super) fn spellings() -> impl Iterator<Item = &'static str> {
        SPELLINGS.iter().flat_map(|(_, spellings)| spellings.iter().copied())
    }

    /// How many microseconds the unit has; none for units whose length depends on the calendar.
    pub(super) fn micros(self) -> Option<i64> {
        Some(match self {
            Self::Microsecond => 1,
            Self::Millisecond => 1000,
            Self::Centisecond => 10_000,
            Self::Decisecond => 100_000,
            Self::Second => 1_000_000,
            Self::Minute => 60_000_000,
            Self::Hour => 3_600_000_000,
            Self::Day | Self::Week | Self::Month | Self::Quarter | Self::Year => return None,
        })
    }

    /// So many of the unit; none if out of range.
    pub(super) fn times(self, count: i64) -> Option<JiffSpan> {
        let span = JiffSpan::new();
        match self {
            Self::Day => span.try_days(count).ok(),
            Self::Week => span.try_weeks(count).ok(),
            Self::Month => span.try_months(count).ok(),
            Self::Quarter => span.try_months(count.checked_mul(3)?).ok(),
            Self::Year => span.try_years(count).ok(),
            fixed => span.try_microseconds(count.checked_mul(fixed.micros()?)?).ok(),
        }
    }

    /// The start of the unit that `at` is in; weeks start on Sunday. Snapping to less than a second is
    /// snapping to a second.
    pub(super) fn floor(self, at: &ZonedDateTime) -> ZonedDateTime {
        let time = at.time();
        let with = |date: Date, time: Time| {
            date.to_datetime(time)
                .to_zoned_datetime(at.time_zone().clone())
                .unwrap_or_else(|_| at.clone())
        };
        let (date, midnight) = (at.date(), Time::midnight());
        match self {
            Self::Hour => floor_clock(at, i64::from(time.minute()) * 60 + i64::from(time.second())),
            Self::Minute => floor_clock(at, i64::from(time.second())),
            Self::Day => with(date, midnight),
            Self::Week => weekday(at, Weekday::Sunday),
            Self::Month => with(date.first_of_month(), midnight),
            Self::Quarter => {
                let month = (date.month() - 1) / 3 * 3 + 1;
                with(Date::new(date.year(), month, 1).unwrap_or(date), midnight)
            }
            Self::Year => with(date.first_of_year(), midnight),
            _ => floor_clock(at, 0),
        }
    }
}

/// Midnight of the last such weekday at or before `at`.
pub(super) fn weekday(at: &ZonedDateTime, day: Weekday) -> ZonedDateTime {
    let since = at.date().weekday().since(day);
    let date = at.date().checked_sub(i64::from(since).days()).unwrap_or(at.date());
    let start = date.to_datetime(Time::midnight()).to_zoned_datetime(at.time_zone().clone());
    start.unwrap_or_else(|_| at.clone())
}

/// `at` less whole seconds and its fraction of a second; the clock may be set back in between.
fn floor_clock(at: &ZonedDateTime, seconds: i64) -> ZonedDateTime {
    let fraction = i64::from(at.time().subsec_nanosecond());
    let back = seconds.seconds().nanoseconds(fraction);
    at.checked_sub(back).unwrap_or_else(|_| at.clone())
}
