//! Instants as people write them: `-1d@d+3h`, `now`, epoch seconds, dates.

use jiff::ZonedDateTime;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use picket_core::Timestamp;

use super::parse::strptime_whole;
use super::unit::{Unit, weekday};
use super::{instant, zoned};
use crate::SplError;
use crate::nearest::hint;

/// Most steps of a relative time.
const STEPS_MAX: usize = 16;

/// An instant, relative to a "now" that is given later or absolute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeSpec(Kind);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Relative(Vec<Step>),
    Epoch(Timestamp),
    /// A date without an offset, which the time zone makes an instant.
    Local(String, &'static str),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Shift(i64, Unit),
    Snap(Unit),
    SnapWeekday(Weekday),
}

/// Forms of a date, besides the one of searches with an offset.
const DATE_FORMS: &[&str] = &[
    "%m/%d/%Y:%H:%M:%S",
    "%Y-%m-%dT%H:%M:%S.%f",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%d %H:%M:%S.%f",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d",
];

/// Reads an instant: `now`, `-1d@d+3h`, `@w1`, `0`, `1704826000.5`, `01/09/2024:18:00:00`,
/// `2024-01-09T18:00:00Z`.
///
/// # Errors
/// Text that is none of these; the offset counts from the start of `text`.
pub fn parse_spec(text: &str) -> Result<TimeSpec, SplError> {
    let trimmed = text.trim();
    if trimmed.eq_ignore_ascii_case("now") || trimmed.eq_ignore_ascii_case("now()") {
        return Ok(TimeSpec(Kind::Relative(Vec::new())));
    }
    if let Some(seconds) = crate::value::number::parse(trimmed)
        && !trimmed.starts_with(['+', '-'])
    {
        return epoch(seconds)
            .map(|at| TimeSpec(Kind::Epoch(at)))
            .ok_or_else(|| SplError::new(0, format!("`{trimmed}` is too far away to be a time")));
    }
    let looks_absolute = trimmed.starts_with(|c: char| c.is_ascii_digit());
    if looks_absolute && trimmed.contains(['/', '-', ':']) {
        return absolute(trimmed);
    }
    steps(trimmed).map(|steps| TimeSpec(Kind::Relative(steps)))
}

fn epoch(seconds: f64) -> Option<Timestamp> {
    crate::value::millis(&crate::value::Value::Number(seconds)).map(Timestamp::from_millis)
}

fn absolute(text: &str) -> Result<TimeSpec, SplError> {
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        let millis = at.as_microsecond().div_euclid(1000);
        return Ok(TimeSpec(Kind::Epoch(Timestamp::from_millis(millis))));
    }
    let form = DATE_FORMS.iter().find(|form| strptime_whole(text, form, &TimeZone::UTC).is_some());
    form.map(|form| TimeSpec(Kind::Local(text.to_owned(), form))).ok_or_else(|| {
        SplError::new(
            0,
            format!("`{text}` is not a time; write 01/09/2024:18:00:00, 2024-01-09T18:00:00Z, -1h@h or epoch seconds"),
        )
    })
}

fn steps(text: &str) -> Result<Vec<Step>, SplError> {
    let mut steps = Vec::new();
    let mut rest = text;
    let mut at = 0;
    if rest.is_empty() {
        return Err(SplError::new(0, "an empty time"));
    }
    // `1h` means `-1h` nowhere: a sign or a snap comes first; `now-1h` may name now.
    if let Some(after) = rest.strip_prefix("now") {
        rest = after;
        at += 3;
    }
    while !rest.is_empty() {
        if steps.len() == STEPS_MAX {
            return Err(SplError::new(at, format!("more than {STEPS_MAX} steps in a time")));
        }
        let (step, length) = match rest.strip_prefix('@') {
            Some(unit) => snap(unit, at).map(|(step, length)| (step, length + 1))?,
            None => shift(rest, text, at)?,
        };
        steps.push(step);
        rest = rest.get(length..).unwrap_or_default();
        at += length;
    }
    Ok(steps)
}

fn shift(rest: &str, text: &str, at: usize) -> Result<(Step, usize), SplError> {
    let sign = match rest.chars().next() {
        Some('-') => -1,
        Some('+') => 1,
        _ => {
            return Err(SplError::new(
                at,
                format!("`{text}` is not a time; a relative time begins with `-`, `+` or `@`"),
            ));
        }
    };
    let after: &str = rest.get(1..).unwrap_or_default();
    let digits = after.bytes().take_while(u8::is_ascii_digit).count();
    let count: i64 = match after.get(..digits) {
        Some("") | None => 1,
        Some(digits) => digits
            .parse()
            .map_err(|_| SplError::new(at, format!("`{digits}` is too large for a time")))?,
    };
    let name = word(after.get(digits..).unwrap_or_default());
    let unit = named(name, at)?;
    Ok((Step::Shift(sign * count, unit), 1 + digits + name.len()))
}

fn snap(rest: &str, at: usize) -> Result<(Step, usize), SplError> {
    let name = word(rest);
    let lower = name.to_ascii_lowercase();
    let digit = rest.get(name.len()..).and_then(|rest| rest.chars().next()?.to_digit(10));
    if let (true, Some(day)) = (matches!(lower.as_str(), "w" | "week"), digit) {
        let day = match day {
            0 | 7 => Weekday::Sunday,
            1 => Weekday::Monday,
            2 => Weekday::Tuesday,
            3 => Weekday::Wednesday,
            4 => Weekday::Thursday,
            5 => Weekday::Friday,
            6 => Weekday::Saturday,
            _ => return Err(SplError::new(at, "weekdays are @w0 (Sunday) to @w6")),
        };
        return Ok((Step::SnapWeekday(day), name.len() + 1));
    }
    Ok((Step::Snap(named(name, at)?), name.len()))
}

fn word(text: &str) -> &str {
    let length = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    text.get(..length).unwrap_or_default()
}

fn named(name: &str, at: usize) -> Result<Unit, SplError> {
    if name.is_empty() {
        return Err(SplError::new(at, "a unit of time is missing; use s, m, h, d, w, mon, q or y"));
    }
    Unit::named(name).ok_or_else(|| {
        let hint = hint(name, Unit::spellings());
        let hint = if hint.is_empty() { "; use s, m, h, d, w, mon, q or y" } else { &hint };
        SplError::new(at, format!("`{name}` is not a unit of time{hint}"))
    })
}

impl TimeSpec {
    /// The instant, in UTC.
    pub fn resolve(&self, now: Timestamp) -> Timestamp {
        self.resolve_in(now, &TimeZone::UTC)
    }

    /// The instant, with days, weeks and months of `zone`.
    pub fn resolve_in(&self, now: Timestamp, zone: &TimeZone) -> Timestamp {
        match &self.0 {
            Kind::Epoch(at) => *at,
            Kind::Local(text, form) => {
                strptime_whole(text, form, zone).and_then(epoch).unwrap_or(now)
            }
            Kind::Relative(steps) => {
                let start = zoned(now, zone);
                instant(&steps.iter().fold(start, |at, step| step.apply(&at)))
            }
        }
    }

    /// Whether it is `0`, which searches use for "since ever".
    pub fn is_zero(&self) -> bool {
        self.0 == Kind::Epoch(Timestamp::from_millis(0))
    }
}

impl Step {
    /// The instant after the step; steps out of the calendar stay where they are.
    fn apply(&self, at: &ZonedDateTime) -> ZonedDateTime {
        match self {
            Self::Shift(count, unit) => unit
                .times(*count)
                .and_then(|span| at.checked_add(span).ok())
                .unwrap_or_else(|| at.clone()),
            Self::Snap(unit) => unit.floor(at),
            Self::SnapWeekday(day) => weekday(at, *day),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2024-01-31T18:46:43.500Z, a Wednesday.
    const NOW: Timestamp = Timestamp::from_millis(1_706_726_803_500);

    fn resolved(text: &str) -> String {
        let at = parse_spec(text).unwrap_or_else(|e| panic!("{text}: {e}")).resolve(NOW);
        zoned(at, &TimeZone::UTC).timestamp().to_string()
    }

    #[test]
    fn offsets_and_snaps_apply_left_to_right() {
        for (text, expected) in [
            ("now", "2024-01-31T18:46:43.5Z"),
            ("-1h", "2024-01-31T17:46:43.5Z"),
            ("-h@h", "2024-01-31T17:00:00Z"),
            ("-1d@d", "2024-01-30T00:00:00Z"),
            ("-1d@d+3h", "2024-01-30T03:00:00Z"),
            ("@d-1h", "2024-01-30T23:00:00Z"),
            ("@m", "2024-01-31T18:46:00Z"),
            ("@s", "2024-01-31T18:46:43Z"),
            ("@w", "2024-01-28T00:00:00Z"),
            ("@w0", "2024-01-28T00:00:00Z"),
            ("@w7", "2024-01-28T00:00:00Z"),
            ("@w1", "2024-01-29T00:00:00Z"),
            ("@w4", "2024-01-25T00:00:00Z"),
            ("-1q@q", "2023-10-01T00:00:00Z"),
            ("+1mon", "2024-02-29T18:46:43.5Z"),
            ("-1mon@mon", "2023-12-01T00:00:00Z"),
            ("@y", "2024-01-01T00:00:00Z"),
            ("-500ms", "2024-01-31T18:46:43Z"),
            ("-2weeks", "2024-01-17T18:46:43.5Z"),
            ("-15MIN@MIN", "2024-01-31T18:31:00Z"),
        ] {
            assert_eq!(resolved(text), expected, "{text}");
        }
    }

    #[test]
    fn absolute_times_are_read_in_every_form() {
        for text in [
            "01/09/2024:18:00:00",
            "1704823200",
            "1704823200.000",
            "2024-01-09T18:00:00Z",
            "2024-01-09T18:00:00.000+00:00",
            "2024-01-09T19:00:00+01:00",
            "2024-01-09T18:00:00",
            "2024-01-09 18:00:00",
        ] {
            assert_eq!(resolved(text), "2024-01-09T18:00:00Z", "{text}");
        }
        assert!(parse_spec("0").unwrap().is_zero());
    }

    #[test]
    fn dates_without_an_offset_are_of_the_zone() {
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        let at = parse_spec("01/09/2024:18:00:00").unwrap().resolve_in(NOW, &zone);
        assert_eq!(at.as_millis(), 1_704_816_000_000);
        let at = parse_spec("@d").unwrap().resolve_in(NOW, &zone);
        assert_eq!(zoned(at, &TimeZone::UTC).to_string(), "2024-01-30T22:00:00+00:00[UTC]");
    }

    #[test]
    fn what_is_no_time_is_an_error_with_a_hint() {
        for text in
            ["", "yesterday", "-5x", "@", "-1d@", "13/45/2024:00:00:00", "1h", "@w9", "1e300"]
        {
            assert!(parse_spec(text).is_err(), "{text}");
        }
        assert!(parse_spec("-5hous").unwrap_err().message.contains("did you mean"));
    }

    #[test]
    fn steps_out_of_the_calendar_change_nothing() {
        assert_eq!(resolved("-999999999999d"), "2024-01-31T18:46:43.5Z");
    }
}
