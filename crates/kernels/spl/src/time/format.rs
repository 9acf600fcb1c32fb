//! Times as text.

use jiff::ZonedDateTime;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;

/// Longest text of one time.
const TEXT_BYTES_MAX: usize = 4096;

/// `seconds` since 1970 printed by `format`; none if they are no time.
pub fn strftime(seconds: f64, format: &str, zone: &TimeZone) -> Option<String> {
    let micros = (seconds * 1e6).round();
    if micros.is_nan() || micros.abs() > 2.5e17 {
        return None;
    }
    let at = jiff::Timestamp::from_microsecond(micros as i64).ok()?.to_zoned_datetime(zone.clone());
    let mut text = String::new();
    for piece in pieces(format) {
        match piece {
            Piece::Plain(plain) => text.push_str(plain),
            Piece::Code(code) => push_code(&mut text, code, &at),
        }
        if text.len() > TEXT_BYTES_MAX {
            return None;
        }
    }
    Some(text)
}

/// A part of a format.
pub(super) enum Piece<'a> {
    Plain(&'a str),
    /// A code with its `%`.
    Code(&'a str),
}

/// The parts of `format`.
pub(super) fn pieces(format: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = format;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let length = code_length(rest);
        if let Some(length) = length {
            let (code, after) = rest.split_at_checked(length)?;
            rest = after;
            return Some(Piece::Code(code));
        }
        let end =
            rest.char_indices().skip(1).find(|(_, c)| *c == '%').map_or(rest.len(), |(at, _)| at);
        let (plain, after) = rest.split_at_checked(end)?;
        rest = after;
        Some(Piece::Plain(plain))
    })
}

/// The length of the code at the start of `text`: `%`, flags, digits, colons, `E`, a letter.
fn code_length(text: &str) -> Option<usize> {
    let after = text.strip_prefix('%')?;
    let letter =
        after.find(|c: char| !matches!(c, '-' | '_' | '^' | '#' | ':' | 'E' | '0'..='9'))?;
    let letter_length = after.get(letter..)?.chars().next()?.len_utf8();
    Some(1 + letter + letter_length)
}

/// What jiff prints for a code of ours.
fn push_code(text: &mut String, code: &str, at: &ZonedDateTime) {
    let translated = match code {
        "%%" => "%",
        "%+" => return push_all(text, "%a %b %e %H:%M:%S %Z %Y", at),
        "%c" => return push_all(text, "%a %b %e %H:%M:%S %Y", at),
        "%x" => return push_all(text, "%m/%d/%Y", at),
        "%X" => return push_all(text, "%H:%M:%S", at),
        "%D" => return push_all(text, "%m/%d/%y", at),
        "%r" => return push_all(text, "%I:%M:%S %p", at),
        "%v" => return push_all(text, "%e-%b-%Y", at),
        "%y" => return text.push_str(&format!("{:02}", at.year().rem_euclid(100))),
        "%Ez" => return text.push_str(&(at.offset().seconds() / 60).to_string()),
        "%f" | "%6N" | "%6Q" | "%6f" => "%6f",
        "%Q" | "%3N" | "%3Q" => "%3f",
        "%N" | "%9N" | "%9Q" => "%9f",
        other => other,
    };
    if translated == "%" {
        return text.push('%');
    }
    push_all(text, translated, at);
}

/// Appends by jiff's own codes; what it does not know stays as it is.
fn push_all(text: &mut String, format: &str, at: &ZonedDateTime) {
    match strtime::format(format, at) {
        Ok(printed) => text.push_str(&printed),
        Err(_) => text.push_str(format),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_prints() {
        for (format, expected) in [
            ("%Y-%m-%dT%H:%M:%S", "2024-01-09T08:05:07"),
            ("%F %T", "2024-01-09 08:05:07"),
            ("%y %B %b %e %j", "24 January Jan  9 009"),
            ("%A %a %w %u %U %V %G %g", "Tuesday Tue 2 2 01 02 2024 24"),
            ("%I %k %l %p", "08  8  8 AM"),
            ("%f %Q %3Q %6Q %9Q", "123456 123 123 123456 123456000"),
            ("%N %3N %6N", "123456000 123 123456"),
            ("%Z %z %:z %::z %Ez", "UTC +0000 +00:00 +00:00:00 0"),
            ("%s", "1704787507"),
            ("%c|%x|%X", "Tue Jan  9 08:05:07 2024|01/09/2024|08:05:07"),
            ("%+", "Tue Jan  9 08:05:07 UTC 2024"),
            ("100%% %n%t|", "100% \n\t|"),
            ("%é %", "%é %"),
            ("plain", "plain"),
        ] {
            let text = strftime(1_704_787_507.123_456, format, &TimeZone::UTC);
            assert_eq!(text.as_deref(), Some(expected), "{format}");
        }
    }

    #[test]
    fn seconds_out_of_the_calendar_are_no_time() {
        assert_eq!(strftime(1e18, "%Y", &TimeZone::UTC), None);
        assert_eq!(strftime(f64::NAN, "%Y", &TimeZone::UTC), None);
    }
}
