//! Spans of buckets.

use jiff::ZonedDateTime;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use picket_core::Timestamp;

use super::unit::{Unit, weekday};
use super::{instant, zoned};
use crate::SplError;
use crate::nearest::hint;

/// How long the buckets of `bin` and `timechart` are: `5m`, `1d`, `1mon`, `1w@w1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span {
    count: i64,
    unit: Unit,
    /// The day weeks start on.
    week_start: Weekday,
}

impl Span {
    /// So many of a unit; at least one.
    pub fn new(count: i64, unit: Unit) -> Self {
        Self { count: count.max(1), unit, week_start: Weekday::Sunday }
    }

    /// Reads `5m`, `1h`, `mon`, `100ms`, `1w@w1`. A number alone is seconds.
    ///
    /// # Errors
    /// Text that is no span, and parts of a second that do not divide it; the offset counts from the
    /// start of `text`.
    pub fn parse(text: &str) -> Result<Self, SplError> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = text.split_at_checked(digits).unwrap_or(("", text));
        let (name, snap) = rest.split_once('@').unwrap_or((rest, ""));
        let count = if number.is_empty() { Ok(1) } else { number.parse::<i64>() };
        let count = count.ok().filter(|count| (1..=1_000_000_000).contains(count));
        let count =
            count.ok_or_else(|| SplError::new(0, format!("`{number}` is no length of a span")))?;
        let unit = match name {
            "" if !number.is_empty() => Unit::Second,
            name => Unit::named(name).ok_or_else(|| {
                let hint = hint(name, Unit::spellings());
                SplError::new(digits, format!("`{text}` is not a span of time{hint}"))
            })?,
        };
        let week_start = week_start(unit, snap).ok_or_else(|| {
            SplError::new(digits, format!("`@{snap}` does not fit; only weeks take @w0 to @w6"))
        })?;
        let divides = match (unit, unit.micros()) {
            (
                Unit::Microsecond | Unit::Millisecond | Unit::Centisecond | Unit::Decisecond,
                Some(micros),
            ) => 1_000_000 % (micros * count) == 0,
            _ => true,
        };
        if !divides {
            return Err(SplError::new(0, format!("`{text}` does not divide a second")));
        }
        Ok(Self { count, unit, week_start })
    }

    /// The length in seconds: of a month 30 days, of a year 365.
    pub fn seconds(self) -> f64 {
        let day = 86_400_000_000;
        let micros = self.unit.micros().unwrap_or(match self.unit {
            Unit::Week => 7 * day,
            Unit::Month => 30 * day,
            Unit::Quarter => 91 * day,
            Unit::Year => 365 * day,
            _ => day,
        });
        crate::value::number::from_whole(micros) / 1e6
            * crate::value::number::from_whole(self.count)
    }

    /// The milliseconds of a bucket, if all are equally long in every time zone.
    pub fn fixed_millis(self) -> Option<i64> {
        let micros = self.unit.micros()?.checked_mul(self.count)?;
        Some((micros / 1000).max(1))
    }

    /// The start of the bucket that `at` is in. Spans below a day count from 1970, those of a week from
    /// its first day, months and more from the year 0, days from 1970 by the calendar of `zone`.
    pub fn floor(self, at: Timestamp, zone: &TimeZone) -> Timestamp {
        if let Some(width) = self.fixed_millis() {
            return Timestamp::from_millis(at.as_millis().div_euclid(width).saturating_mul(width));
        }
        let local = zoned(at, zone);
        instant(&self.floor_calendar(&local))
    }

    fn floor_calendar(self, at: &ZonedDateTime) -> ZonedDateTime {
        let back = |at: ZonedDateTime, count: i64, unit: Unit| {
            let span = unit.times(-count);
            span.and_then(|span| at.checked_add(span).ok()).unwrap_or(at)
        };
        match self.unit {
            Unit::Day => {
                let start = Unit::Day.floor(at);
                let days = days_since_1970(&start).rem_euclid(self.count);
                back(start, days, Unit::Day)
            }
            Unit::Week => {
                let start = weekday(at, self.week_start);
                let weeks = days_since_1970(&start).div_euclid(7).rem_euclid(self.count);
                back(start, weeks, Unit::Week)
            }
            unit => {
                let (unit, months) = match unit {
                    Unit::Year => (Unit::Year, 12),
                    Unit::Quarter => (Unit::Quarter, 3),
                    _ => (Unit::Month, 1),
                };
                let start = unit.floor(at);
                let since = i64::from(start.year()) * 12 + i64::from(start.month()) - 1;
                let past = (since / months).rem_euclid(self.count);
                back(start, past, unit)
            }
        }
    }

    /// The start of the bucket after the one that starts at `start`.
    pub fn next(self, start: Timestamp, zone: &TimeZone) -> Timestamp {
        if let Some(width) = self.fixed_millis() {
            return Timestamp::from_millis(start.as_millis().saturating_add(width));
        }
        let local = zoned(start, zone);
        let span = self.unit.times(self.count);
        span.and_then(|span| local.checked_add(span).ok())
            .map_or(start, |next| self.floor(instant(&next), zone))
    }

    /// The shortest of the usual spans that cuts `from` to `to` into at most `bins` buckets.
    pub fn automatic(from: Timestamp, to: Timestamp, bins: usize) -> Self {
        const USUAL: &[(i64, Unit)] = &[
            (1, Unit::Second),
            (5, Unit::Second),
            (10, Unit::Second),
            (30, Unit::Second),
            (1, Unit::Minute),
            (5, Unit::Minute),
            (10, Unit::Minute),
            (30, Unit::Minute),
            (1, Unit::Hour),
            (1, Unit::Day),
            (1, Unit::Month),
        ];
        let length = from_millis_f64(to) - from_millis_f64(from);
        let bins = crate::value::number::from_whole(i64::try_from(bins.max(1)).unwrap_or(i64::MAX));
        let spans = USUAL.iter().map(|(count, unit)| Self::new(*count, *unit));
        let mut fitting = spans.filter(|span| length / span.seconds() <= bins);
        fitting.next().unwrap_or(Self::new(1, Unit::Month))
    }
}

fn from_millis_f64(at: Timestamp) -> f64 {
    at.as_seconds_f64()
}

fn week_start(unit: Unit, snap: &str) -> Option<Weekday> {
    let day = match (unit, snap.to_ascii_lowercase().as_str()) {
        (_, "") | (Unit::Week, "w" | "w0" | "w7") => 0,
        (Unit::Week, snap) => snap.strip_prefix('w')?.parse().ok().filter(|day| *day <= 6)?,
        _ => return None,
    };
    Weekday::from_sunday_zero_offset(day).ok()
}

fn days_since_1970(at: &ZonedDateTime) -> i64 {
    let days = at.date().since(jiff::civil::date(1970, 1, 1));
    days.map_or(0, |span| i64::from(span.get_days()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn floored(span: &str, at: &str, zone: &TimeZone) -> String {
        let at: jiff::Timestamp = at.parse().unwrap();
        let span = Span::parse(span).unwrap_or_else(|e| panic!("{span}: {e}"));
        let start = span.floor(Timestamp::from_millis(at.as_millisecond()), zone);
        zoned(start, &TimeZone::UTC).timestamp().to_string()
    }

    #[test]
    fn instants_fall_into_buckets() {
        let at = "2024-01-31T18:46:43.567Z";
        for (span, expected) in [
            ("1s", "2024-01-31T18:46:43Z"),
            ("10", "2024-01-31T18:46:40Z"),
            ("100ms", "2024-01-31T18:46:43.5Z"),
            ("2ds", "2024-01-31T18:46:43.4Z"),
            ("5m", "2024-01-31T18:45:00Z"),
            ("h", "2024-01-31T18:00:00Z"),
            ("1d", "2024-01-31T00:00:00Z"),
            ("1w", "2024-01-28T00:00:00Z"),
            ("1w@w1", "2024-01-29T00:00:00Z"),
            ("1mon", "2024-01-01T00:00:00Z"),
            ("1q", "2024-01-01T00:00:00Z"),
            ("5y", "2020-01-01T00:00:00Z"),
        ] {
            assert_eq!(floored(span, at, &TimeZone::UTC), expected, "{span}");
        }
    }

    #[test]
    fn days_are_those_of_the_zone() {
        let zone = TimeZone::fixed(jiff::tz::offset(-5));
        assert_eq!(floored("1d", "2024-01-31T02:00:00Z", &zone), "2024-01-30T05:00:00Z");
    }

    #[test]
    fn buckets_follow_one_another() {
        let span = Span::parse("1mon").unwrap();
        let january = Timestamp::from_millis(1_704_067_200_000);
        assert_eq!(span.next(january, &TimeZone::UTC).as_millis(), 1_706_745_600_000);
        let span = Span::parse("30s").unwrap();
        assert_eq!(span.next(january, &TimeZone::UTC).as_millis(), 1_704_067_230_000);
    }

    #[test]
    fn the_automatic_span_is_the_shortest_that_fits() {
        let start = Timestamp::from_millis(0);
        let after = |minutes: i64| Timestamp::from_millis(minutes * 60_000);
        for (minutes, expected) in
            [(15, "10s"), (60, "1m"), (240, "5m"), (1440, "30m"), (10_080, "1d"), (525_600, "1mon")]
        {
            let span = Span::automatic(start, after(minutes), 100);
            assert_eq!(span, Span::parse(expected).unwrap(), "{minutes}");
        }
    }

    #[test]
    fn what_is_no_span_is_an_error() {
        for text in ["", "x", "5x", "0s", "300ms", "1d@w1", "1w@w9", "99999999999999999999s", "-1h"]
        {
            assert!(Span::parse(text).is_err(), "{text}");
        }
    }
}
