//! Numbers as text: which text reads as a number, and how a number is printed (spec siem §1.4).

/// The number that the whole of `text` is: sign, digits, a decimal point, an exponent. No blanks, no
/// hexadecimal, no `inf` or `nan`.
pub fn parse(text: &str) -> Option<f64> {
    let bytes = text.as_bytes();
    let shaped = bytes.iter().all(|b| matches!(b, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
    if !shaped || bytes.is_empty() {
        return None;
    }
    text.parse().ok()
}

/// Prints whole numbers without a decimal point and others in the shortest form that reads back to
/// the same number.
pub fn format(number: f64) -> String {
    if number == 0.0 {
        return "0".to_owned();
    }
    if number.is_nan() {
        return "nan".to_owned();
    }
    number.to_string()
}

/// The whole number that `number` is, where an `i64` holds it exactly.
pub fn whole(number: f64) -> Option<i64> {
    const LIMIT: f64 = 9_007_199_254_740_992.0; // 2^53: every whole number up to here is exact
    if number.fract() == 0.0 && number.abs() <= LIMIT {
        return Some(number as i64);
    }
    None
}

/// A whole number as a double.
pub fn from_whole(number: i64) -> f64 {
    number as f64
}

/// Rounds half away from zero to `decimals` decimals, judged by the shortest decimal form of the
/// number, so that 2.555 gives 2.56; all decimals are printed.
pub fn round_text(number: f64, decimals: usize) -> String {
    if !number.is_finite() {
        return format(number);
    }
    let printed = number.abs().to_string();
    let (whole, fraction) = printed.split_once('.').unwrap_or((&printed, ""));
    let kept = fraction.bytes().chain(std::iter::repeat(b'0')).take(decimals);
    let mut digits: Vec<u8> = whole.bytes().chain(kept).collect();
    if fraction.as_bytes().get(decimals).is_some_and(|digit| *digit >= b'5') {
        increment(&mut digits);
    }
    let mut text: String = digits.iter().map(|digit| char::from(*digit)).collect();
    if decimals > 0 {
        text.insert(text.len() - decimals, '.');
    }
    let negative = number < 0.0 && digits.iter().any(|digit| *digit != b'0');
    if negative { format!("-{text}") } else { text }
}

/// Adds one to a decimal number given as digits.
fn increment(digits: &mut Vec<u8>) {
    for digit in digits.iter_mut().rev() {
        if *digit < b'9' {
            *digit += 1;
            return;
        }
        *digit = b'0';
    }
    digits.insert(0, b'1');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_text_that_is_all_number_reads_as_one() {
        for (text, number) in
            [("1", 1.0), ("-2.5", -2.5), (".5", 0.5), ("1e3", 1000.0), ("+4", 4.0)]
        {
            assert_eq!(parse(text), Some(number), "{text}");
        }
        for text in ["", " 1", "1 ", "0x10", "inf", "NaN", "1,000", "e", "-", "1.2.3", "٣"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_print_whole_or_in_their_shortest_form() {
        for (number, text) in [(3.0, "3"), (-0.0, "0"), (0.1, "0.1"), (1e15, "1000000000000000")] {
            assert_eq!(format(number), text);
        }
        assert_eq!(format(2.0 / 3.0), "0.6666666666666666");
        assert_eq!(format(f64::INFINITY), "inf");
    }

    #[test]
    fn rounding_is_half_away_from_zero_in_decimal() {
        for (number, decimals, text) in [
            (2.555, 2, "2.56"),
            (2.5, 2, "2.50"),
            (-2.5, 0, "-3"),
            (0.5, 0, "1"),
            (-0.4, 0, "0"),
            (99.95, 1, "100.0"),
            (1.005, 2, "1.01"),
            (7.0, 3, "7.000"),
        ] {
            assert_eq!(round_text(number, decimals), text);
        }
    }
}
