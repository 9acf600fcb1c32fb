//! `time` of an envelope: seconds with a fraction, as a number or as text (spec delivery §5.5).

use picket_core::Timestamp;

const DIGITS_MAX: usize = 19;

/// Reads a decimal number of seconds since the epoch. Numbers of 10¹¹ and more are milliseconds, of
/// 10¹⁴ and more microseconds, of 10¹⁷ and more nanoseconds. `None` for signs, exponents and anything
/// that is not a number.
pub fn parse(text: &str) -> Option<Timestamp> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !all_digits(whole) || !all_digits(fraction) || whole.len() > DIGITS_MAX {
        return None;
    }
    let number: u64 = whole.parse().ok()?;
    let ms = match number {
        0..100_000_000_000 => number * 1000 + thousandths(fraction),
        100_000_000_000..100_000_000_000_000 => number,
        100_000_000_000_000..100_000_000_000_000_000 => number / 1000,
        _ => number / 1_000_000,
    };
    i64::try_from(ms).ok().map(Timestamp::from_millis)
}

fn thousandths(fraction: &str) -> u64 {
    let mut digits = fraction.bytes().map(|byte| u64::from(byte - b'0'));
    (0..3).fold(0, |sum, _| sum * 10 + digits.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_finer_units_are_told_apart_by_size() {
        for (text, ms) in [
            ("1735689600", 1_735_689_600_000),
            ("1735689600.12", 1_735_689_600_120),
            ("1735689600.123456", 1_735_689_600_123),
            ("1735689600120", 1_735_689_600_120),
            ("1735689600120456", 1_735_689_600_120),
            ("1735689600120456789", 1_735_689_600_120),
            ("0", 0),
        ] {
            assert_eq!(parse(text), Some(Timestamp::from_millis(ms)), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_plain_number_is_refused() {
        for text in
            ["", ".", "1.", ".5", "1e9", "-1", "+1", "1.2.3", " 1", "now", "99999999999999999999"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
