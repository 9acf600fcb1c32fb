//! Times as AWS's protocols write them.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use picket_core::Timestamp;
use serde_json::{Number, Value};

/// Seconds since the epoch as a JSON number, with milliseconds where there are some. REST-JSON and
/// JSON 1.1 write every `timestamp` member so.
pub fn seconds(at: Timestamp) -> Value {
    let ms = at.as_millis();
    if ms % 1000 == 0 {
        return Value::from(ms / 1000);
    }
    Number::from_f64(at.as_seconds_f64()).map_or(Value::Null, Value::Number)
}

/// `2025-01-01T00:00:00Z`, as the query protocol writes times.
pub fn iso(at: Timestamp) -> String {
    match jiff::Timestamp::from_second(at.as_millis().div_euclid(1000)) {
        Ok(instant) => format!("{instant:.0}"),
        Err(_) => "1970-01-01T00:00:00Z".to_owned(),
    }
}

/// `20250101T000000Z`, as SigV4 writes times.
pub fn amz_date(at: Timestamp) -> String {
    match jiff::Timestamp::from_second(at.as_millis().div_euclid(1000)) {
        Ok(instant) => instant.strftime("%Y%m%dT%H%M%SZ").to_string(),
        Err(_) => "19700101T000000Z".to_owned(),
    }
}

/// Reads `20250101T000000Z`.
pub fn parse_amz_date(text: &str) -> Option<Timestamp> {
    let shape = |(place, byte): (usize, u8)| match place {
        8 => byte == b'T',
        15 => byte == b'Z',
        _ => byte.is_ascii_digit(),
    };
    if text.len() != 16 || !text.bytes().enumerate().all(shape) {
        return None;
    }
    let when = DateTime::strptime("%Y%m%dT%H%M%SZ", text).ok()?;
    let instant = TimeZone::UTC.to_timestamp(when).ok()?;
    Some(Timestamp::from_millis(instant.as_millisecond()))
}

/// Reads a time in a query: ISO 8601 with a zone, as REST-JSON writes it there, or seconds since the epoch.
pub fn parse_query_time(text: &str) -> Option<Timestamp> {
    const YEARS: i64 = 253_402_300_799_999;
    if text.len() > 64 {
        return None;
    }
    let ms = match text.parse::<f64>() {
        Ok(seconds) => {
            Some((seconds * 1000.0).round()).filter(|ms| ms.is_finite()).map(|ms| ms as i64)
        }
        Err(_) => text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond),
    };
    ms.filter(|ms| (0..=YEARS).contains(ms)).map(Timestamp::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_in_a_query_is_iso_or_seconds() {
        for (text, ms) in [
            ("2024-05-01T00:00:00Z", 1_714_521_600_000),
            ("2024-05-01T00:00:00.25Z", 1_714_521_600_250),
            ("2024-05-01T02:00:00+02:00", 1_714_521_600_000),
            ("1714521600", 1_714_521_600_000),
            ("1714521600.5", 1_714_521_600_500),
            ("0", 0),
        ] {
            assert_eq!(parse_query_time(text), Some(Timestamp::from_millis(ms)), "{text}");
        }
        for text in
            ["", "yesterday", "2024-05-01", "-1", "NaN", "inf", "1e300", "2024-05-01T00:00:00"]
        {
            assert_eq!(parse_query_time(text), None, "{text}");
        }
    }

    #[test]
    fn whole_seconds_have_no_fraction_and_milliseconds_are_kept() {
        assert_eq!(seconds(Timestamp::from_millis(1_735_689_600_000)).to_string(), "1735689600");
        assert_eq!(seconds(Timestamp::from_millis(1_735_689_600_120)).to_string(), "1735689600.12");
    }

    #[test]
    fn a_signing_time_reads_back() {
        let at = Timestamp::from_millis(1_440_938_160_000);
        assert_eq!(amz_date(at), "20150830T123600Z");
        assert_eq!(parse_amz_date("20150830T123600Z"), Some(at));
        assert_eq!(iso(at), "2015-08-30T12:36:00Z");
        for wrong in
            ["", "20150830T123600", "20151330T123600Z", "2015-08-30T12:36:0", "２０150830T1Z"]
        {
            assert_eq!(parse_amz_date(wrong), None, "{wrong}");
        }
    }
}
