//! Decimal numbers of any length, compared exactly: a certificate's serial number has up to 49 digits, and
//! its neighbour must not pass for it.

use std::cmp::Ordering;

/// A decimal number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Number {
    sign: Sign,
    /// The power of ten just above the first digit.
    magnitude: i64,
    /// Its digits from the first to the last that is not 0; none for zero.
    digits: Box<[u8]>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sign {
    Minus,
    Zero,
    Plus,
}

impl Number {
    /// Reads `7`, `-0.5`, `+.5`, `70e-1`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, i64::from(exponent.parse::<i32>().ok()?)),
            None => (text, 0),
        };
        let (sign, unsigned) = match mantissa.strip_prefix('-') {
            Some(unsigned) => (Sign::Minus, unsigned),
            None => (Sign::Plus, mantissa.strip_prefix('+').unwrap_or(mantissa)),
        };
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
        if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let is_digit = |digit: &u8| *digit != b'0';
        let Some(first) = digits.iter().position(is_digit) else {
            return Some(Self { sign: Sign::Zero, magnitude: 0, digits: Box::default() });
        };
        let end = digits.iter().rposition(is_digit).map_or(first, |last| last + 1);
        let places = i64::try_from(whole.len()).ok()? - i64::try_from(first).ok()?;
        let digits = digits.get(first..end)?.into();
        Some(Self { sign, magnitude: places + exponent, digits })
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        let larger = self.magnitude.cmp(&other.magnitude);
        let larger = larger.then_with(|| self.digits.cmp(&other.digits));
        self.sign.cmp(&other.sign).then(match self.sign {
            Sign::Minus => larger.reverse(),
            Sign::Zero | Sign::Plus => larger,
        })
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number(text: &str) -> Number {
        Number::parse(text).unwrap()
    }

    #[test]
    fn one_number_can_be_written_in_many_ways() {
        for text in ["7", "7.0", "07", "+7", "70e-1", ".7E1", "7.", "0.0007e4", "7e0"] {
            assert_eq!(number(text), number("7"), "{text}");
        }
        assert_eq!(number("-0.00"), number("0e9"));
        for text in
            ["", "-", ".", "e5", "1e", "1e1.5", "--1", "1,5", "0x1", "inf", "NaN", "1 ", "٣"]
        {
            assert_eq!(Number::parse(text), None, "{text}");
        }
        assert_eq!(Number::parse("1e99999999999"), None);
    }

    #[test]
    fn neighbours_of_any_length_are_not_equal() {
        let serial = "612398457120398471023984710239847102398471029384";
        assert!(number(&format!("{serial}1")) < number(&format!("{serial}2")));
        assert!(number(&format!("-{serial}1")) > number(&format!("-{serial}2")));
        assert!(number("9007199254740993") > number("9007199254740992"));
        assert!(number("0.1") > number("0.09999999999999999999999"));
        assert!(number("1e300") < number("1e301") && number("-1e-9") < number("0"));
    }

    proptest! {
        #[test]
        fn numbers_are_ordered_as_whole_numbers_are(
            a in -100_000_i64..100_000, b in -100_000_i64..100_000, places in 0_usize..6,
        ) {
            let text = |n: i64| {
                let digits = format!("{:0>7}", n.unsigned_abs());
                let (whole, fraction) = digits.split_at(7 - places);
                format!("{}{whole}.{fraction}", if n < 0 { "-" } else { "" })
            };
            prop_assert_eq!(number(&text(a)).cmp(&number(&text(b))), a.cmp(&b));
            prop_assert_eq!(number(&text(a)), number(&format!("{a}e-{places}")));
        }

        #[test]
        fn no_text_makes_it_panic(text in "[-+0-9.eE]{0,12}") {
            let _number = Number::parse(&text);
        }
    }
}
