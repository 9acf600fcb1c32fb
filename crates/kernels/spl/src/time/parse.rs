//! Times from text.

use jiff::civil::{Date, Time};
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::{Offset, TimeZone};
use picket_core::Timestamp;

use super::format::{Piece, pieces};
use super::zoned;

/// Longest text and format.
const TEXT_BYTES_MAX: usize = 4096;

/// Time zones by name. Offsets in minutes.
const ZONES: &[(&str, i32)] = &[
    ("Z", 0),
    ("UTC", 0),
    ("GMT", 0),
    ("WET", 0),
    ("BST", 60),
    ("CET", 60),
    ("CEST", 120),
    ("EET", 120),
    ("EEST", 180),
    ("MSK", 180),
    ("IST", 330),
    ("JST", 540),
    ("EST", -300),
    ("EDT", -240),
    ("CST", -360),
    ("CDT", -300),
    ("MST", -420),
    ("MDT", -360),
    ("PST", -480),
    ("PDT", -420),
];

/// The instant that `text` names by `format`, in seconds since 1970; none if it does not fit. What
/// follows in the text is left out of account. A date without a year is of the year of `now`, a time
/// without a date of its day.
pub fn strptime(text: &str, format: &str, zone: &TimeZone, now: Timestamp) -> Option<f64> {
    read(text, format, zone, now).map(|(seconds, _)| seconds)
}

/// As [`strptime`], for text of which nothing may be left over.
pub(super) fn strptime_whole(text: &str, format: &str, zone: &TimeZone) -> Option<f64> {
    let (seconds, rest) = read(text, format, zone, Timestamp::from_millis(0))?;
    rest.is_empty().then_some(seconds)
}

fn read<'a>(
    text: &'a str,
    format: &str,
    zone: &TimeZone,
    now: Timestamp,
) -> Option<(f64, &'a str)> {
    if text.len() > TEXT_BYTES_MAX || format.len() > TEXT_BYTES_MAX {
        return None;
    }
    if matches!(format, "%s%3N" | "%s%3Q") {
        let millis: i64 = text.trim().parse().ok()?;
        return Some((crate::value::number::from_whole(millis) / 1000.0, ""));
    }
    let mut broken = BrokenDownTime::default();
    let mut offset = None;
    let mut rest = text;
    let mut run = String::new();
    for piece in pieces(format) {
        match piece {
            Piece::Plain(plain) => run.push_str(plain),
            Piece::Code(code @ ("%z" | "%:z" | "%::z" | "%Z" | "%Ez")) => {
                rest = take(&mut broken, &mut run, rest)?;
                let (found, after) = read_offset(code, rest)?;
                offset = Some(found);
                rest = after;
            }
            Piece::Code(code) => run.push_str(translated(code)),
        }
    }
    rest = take(&mut broken, &mut run, rest)?;
    Some((seconds(broken, offset, zone, now)?, rest))
}

/// Reads by the codes gathered in `run`, which is empty afterwards.
fn take<'a>(broken: &mut BrokenDownTime, run: &mut String, text: &'a str) -> Option<&'a str> {
    if run.is_empty() {
        return Some(text);
    }
    let (found, length) = BrokenDownTime::parse_prefix(run.as_bytes(), text).ok()?;
    merge(broken, found)?;
    run.clear();
    text.get(length..)
}

/// Adds what `found` knows to `all`.
fn merge(all: &mut BrokenDownTime, found: BrokenDownTime) -> Option<()> {
    // Zones stand at the end but for odd formats, so that there is one part nearly always.
    if all.year().is_none() && all.hour().is_none() && all.timestamp().is_none() {
        *all = found;
        return Some(());
    }
    if found.year().is_some() {
        all.set_year(found.year()).ok()?;
    }
    if found.month().is_some() {
        all.set_month(found.month()).ok()?;
    }
    if found.day().is_some() {
        all.set_day(found.day()).ok()?;
    }
    Some(())
}

/// Codes of ours as jiff reads them.
fn translated(code: &str) -> &str {
    match code {
        "%+" => "%a %b %e %H:%M:%S %Y",
        "%c" => "%a %b %e %H:%M:%S %Y",
        "%x" => "%m/%d/%Y",
        "%X" => "%H:%M:%S",
        "%r" => "%I:%M:%S %p",
        "%v" => "%e-%b-%Y",
        "%Q" | "%N" | "%3Q" | "%3N" | "%6Q" | "%6N" | "%9Q" | "%9N" | "%6f" | "%3f" | "%9f" => "%f",
        other => other,
    }
}

/// An offset by number or name, and the text after it.
fn read_offset<'a>(code: &str, text: &'a str) -> Option<(Offset, &'a str)> {
    let text = text.trim_start_matches(' ');
    let letters = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    if letters > 0 {
        let (name, rest) = text.split_at_checked(letters)?;
        let zone = ZONES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        let minutes = zone.map(|(_, minutes)| *minutes)?;
        return Some((Offset::from_seconds(minutes * 60).ok()?, rest));
    }
    let length = text.bytes().take_while(|b| matches!(b, b'+' | b'-' | b':' | b'0'..=b'9')).count();
    let (number, rest) = text.split_at_checked(length)?;
    if code == "%Ez" {
        let minutes: i32 = number.parse().ok()?;
        return Some((Offset::from_seconds(minutes.checked_mul(60)?).ok()?, rest));
    }
    let form = if number.contains(':') { "%:z" } else { "%z" };
    let broken = BrokenDownTime::parse(form, number).ok()?;
    Some((broken.offset()?, rest))
}

fn seconds(
    broken: BrokenDownTime,
    offset: Option<Offset>,
    zone: &TimeZone,
    now: Timestamp,
) -> Option<f64> {
    let at = match broken.timestamp() {
        Some(at) => at,
        None => {
            let zone = offset.map_or_else(|| zone.clone(), TimeZone::fixed);
            let time = time(&broken)?;
            date(broken, &zone, now)?.to_datetime(time).to_zoned_datetime(zone).ok()?.timestamp()
        }
    };
    Some(crate::value::number::from_whole(at.as_microsecond()) / 1e6)
}

fn time(broken: &BrokenDownTime) -> Option<Time> {
    if broken.hour().is_none() && broken.minute().is_none() && broken.second().is_none() {
        return Some(Time::midnight());
    }
    broken.to_time().ok()
}

fn date(mut broken: BrokenDownTime, zone: &TimeZone, now: Timestamp) -> Option<Date> {
    if let Ok(date) = broken.to_date() {
        return Some(date);
    }
    let today = zoned(now, zone).date();
    match (broken.year(), broken.month(), broken.day()) {
        (None, None, None) => broken.hour().map(|_| today),
        (None, Some(_), Some(_)) => {
            broken.set_year(Some(today.year())).ok()?;
            broken.to_date().ok()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_704_787_507_123);

    fn read(text: &str, format: &str) -> Option<f64> {
        strptime(text, format, &TimeZone::UTC, NOW)
    }

    #[test]
    fn times_are_read_by_every_code() {
        let at = Some(1_704_826_000.0);
        for (text, format) in [
            ("2024-01-09 18:46:40", "%Y-%m-%d %H:%M:%S"),
            ("2024-01-09T18:46:40", "%FT%T"),
            ("01/09/2024:18:46:40", "%m/%d/%Y:%H:%M:%S"),
            ("Tue Jan  9 18:46:40 2024", "%a %b %e %H:%M:%S %Y"),
            ("9 January 24 06:46:40 pm", "%d %B %y %I:%M:%S %p"),
            ("2024-01-09 18:46:40 UTC", "%Y-%m-%d %H:%M:%S %Z"),
            ("2024-01-09T19:46:40+0100", "%Y-%m-%dT%H:%M:%S%z"),
            ("2024-01-09T19:46:40+01:00", "%Y-%m-%dT%H:%M:%S%:z"),
            ("2024-01-09T18:46:40Z", "%Y-%m-%dT%H:%M:%S%z"),
            ("2024-01-09T18:46:40Z", "%Y-%m-%dT%H:%M:%SZ"),
            ("2024-01-09T18:46:40.000Z", "%Y-%m-%dT%H:%M:%S.%3N%Z"),
            ("1704826000", "%s"),
            ("Jan 9 18:46:40", "%b %d %H:%M:%S"),
            ("18:46:40", "%H:%M:%S"),
            ("2024-009 18:46:40", "%Y-%j %H:%M:%S"),
            ("2024-01-09 18:46:40 and more", "%Y-%m-%d %H:%M:%S"),
        ] {
            assert_eq!(read(text, format), at, "{text}");
        }
        assert_eq!(read("2024-01-09", "%Y-%m-%d"), Some(1_704_758_400.0));
        assert_eq!(read("18:46:40.250", "%H:%M:%S.%3N"), Some(1_704_826_000.25));
        assert_eq!(read("1704826000250", "%s%3N"), Some(1_704_826_000.25));
    }

    #[test]
    fn what_does_not_fit_gives_nothing() {
        for (text, format) in [
            ("2024-13-09", "%Y-%m-%d"),
            ("yesterday", "%Y-%m-%d"),
            ("2024-01", "%Y-%m"),
            ("", "%Y-%m-%d"),
            ("2024-01-09 18:00 XYZ", "%Y-%m-%d %H:%M %Z"),
            ("2024-02-30", "%Y-%m-%d"),
            ("x", ""),
        ] {
            assert_eq!(read(text, format), None, "{text}");
        }
    }
}
