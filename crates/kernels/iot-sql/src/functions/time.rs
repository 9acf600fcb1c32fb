//! Times and texts. Patterns are the common subset of Joda's and Java's letters.

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use serde_json::Value;

use super::{Arguments, Arity, SqlFunction};
use crate::version::SqlVersion;

pub(super) const PARSE_TIME: SqlFunction = SqlFunction {
    name: "parse_time",
    arity: Arity::between(2, 3),
    since: SqlVersion::V2016,
    doc: "Milliseconds since 1970 written by a pattern, in UTC or a fixed offset like \"+02:00\".",
    examples: &[
        (
            "parse_time(\"yyyy.MM.dd HH:mm:ss.SSS z\", 1735689600120)",
            "\"2025.01.01 00:00:00.120 UTC\"",
        ),
        (
            "parse_time(\"yyyy-MM-dd'T'HH:mm:ssZ\", 1735689600120, \"+02:00\")",
            "\"2025-01-01T02:00:00+0200\"",
        ),
        ("parse_time(\"EEE, d MMM yyyy h:mm a\", 1735689600120)", "\"Wed, 1 Jan 2025 12:00 AM\""),
        ("parse_time(\"yyyy\", 0, \"Mars/Olympus\")", ""),
    ],
    eval: parse_time,
};

fn parse_time(arguments: &Arguments<'_>) -> Option<Value> {
    let zone = match arguments.values.len() {
        2 => TimeZone::UTC,
        _ => fixed_zone(&arguments.text(2)?)?,
    };
    let ms = i64::try_from(arguments.int(1)?).ok()?;
    let time = jiff::Timestamp::from_millisecond(ms).ok()?.to_zoned_datetime(zone);
    let format = strftime(&arguments.text(0)?)?;
    jiff::fmt::strtime::format(&format, &time).ok().map(Value::from)
}

pub(super) const TIME_TO_EPOCH: SqlFunction = SqlFunction {
    name: "time_to_epoch",
    arity: Arity::exactly(2),
    since: SqlVersion::V2016,
    doc: "The milliseconds since 1970 of a time written by a pattern, UTC unless it has an offset.",
    examples: &[
        ("time_to_epoch(\"2025-01-01 00:00:00\", \"yyyy-MM-dd HH:mm:ss\")", "1735689600000"),
        ("time_to_epoch(\"2025-01-01 02:00 +0200\", \"yyyy-MM-dd HH:mm Z\")", "1735689600000"),
        ("time_to_epoch(\"yesterday\", \"yyyy-MM-dd\")", ""),
    ],
    eval: time_to_epoch,
};

fn time_to_epoch(arguments: &Arguments<'_>) -> Option<Value> {
    let format = strftime(&arguments.text(1)?)?;
    let parsed = jiff::fmt::strtime::parse(&format, &*arguments.text(0)?).ok()?;
    if let Ok(instant) = parsed.to_timestamp() {
        return Some(Value::from(instant.as_millisecond()));
    }
    let local = parsed.to_datetime().or_else(|_| parsed.to_date().map(DateTime::from)).ok()?;
    Some(Value::from(TimeZone::UTC.to_timestamp(local).ok()?.as_millisecond()))
}

/// UTC and fixed offsets; names of regions would need a database from outside.
fn fixed_zone(text: &str) -> Option<TimeZone> {
    if matches!(text, "UTC" | "GMT" | "Z") {
        return Some(TimeZone::UTC);
    }
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':').or_else(|| rest.split_at_checked(2))?;
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    if !(0..=18).contains(&hours) || !(0..60).contains(&minutes) {
        return None;
    }
    Some(TimeZone::fixed(Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()?))
}

/// Java's letters as `strftime` directives; Undefined for letters this does not know.
fn strftime(pattern: &str) -> Option<String> {
    let mut format = String::new();
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\'' {
            quoted(&mut chars, &mut format);
            continue;
        }
        if !c.is_ascii_alphabetic() {
            push_literal(&mut format, c);
            continue;
        }
        let mut count = 1;
        while chars.next_if_eq(&c).is_some() {
            count += 1;
        }
        format.push_str(directive(c, count)?);
    }
    Some(format)
}

/// Text between quotes; two quotes in a row are one.
fn quoted(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, format: &mut String) {
    if chars.next_if_eq(&'\'').is_some() {
        format.push('\'');
        return;
    }
    while let Some(c) = chars.next() {
        if c != '\'' {
            push_literal(format, c);
        } else if chars.next_if_eq(&'\'').is_some() {
            format.push('\'');
        } else {
            return;
        }
    }
}

fn push_literal(format: &mut String, c: char) {
    if c == '%' {
        format.push('%');
    }
    format.push(c);
}

fn directive(letter: char, count: usize) -> Option<&'static str> {
    Some(match (letter, count) {
        ('y' | 'u' | 'Y', 2) => "%y",
        ('y' | 'u' | 'Y', _) => "%Y",
        ('M' | 'L', 1) => "%-m",
        ('M' | 'L', 2) => "%m",
        ('M' | 'L', 3) => "%b",
        ('M' | 'L', _) => "%B",
        ('d', 1) => "%-d",
        ('d', _) => "%d",
        ('D', _) => "%j",
        ('E', 1..=3) => "%a",
        ('E', _) => "%A",
        ('a', _) => "%p",
        ('H', 1) => "%-H",
        ('H', _) => "%H",
        ('h', 1) => "%-I",
        ('h', _) => "%I",
        ('m', 1) => "%-M",
        ('m', _) => "%M",
        ('s', 1) => "%-S",
        ('s', _) => "%S",
        ('S', 1) => "%1f",
        ('S', 2) => "%2f",
        ('S', 3) => "%3f",
        ('S', 6) => "%6f",
        ('S', 9) => "%9f",
        ('Z', 1) => "%z",
        ('Z', _) => "%:z",
        ('X' | 'x', 3) => "%:z",
        ('X' | 'x', _) => "%z",
        ('z', _) => "%Z",
        _ => return None,
    })
}
