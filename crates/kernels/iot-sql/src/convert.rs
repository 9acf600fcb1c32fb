//! Conversions between types (spec iot-core §5.4).

use serde_json::{Number, Value};

/// A number as operators see it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Num {
    Int(i128),
    Decimal(f64),
}

impl Num {
    pub(crate) fn of(number: &Number) -> Self {
        match (number.as_i64(), number.as_u64()) {
            (Some(n), _) => Self::Int(n.into()),
            (_, Some(n)) => Self::Int(n.into()),
            _ => Self::Decimal(number.as_f64().unwrap_or(f64::NAN)),
        }
    }

    pub(crate) fn as_f64(self) -> f64 {
        match self {
            Self::Int(n) => n as f64,
            Self::Decimal(n) => n,
        }
    }

    /// The value; Undefined for what JSON cannot write (infinite, not a number). Integers beyond 64
    /// bits become decimals.
    pub(crate) fn into_value(self) -> Option<Value> {
        match self {
            Self::Int(n) => {
                let small = i64::try_from(n).map(Value::from);
                let large = || u64::try_from(n).map(Value::from);
                small.or_else(|_| large()).ok().or_else(|| decimal(n as f64))
            }
            Self::Decimal(n) => decimal(n),
        }
    }
}

/// A Decimal value, Undefined if not finite.
pub(crate) fn decimal(n: f64) -> Option<Value> {
    Number::from_f64(n).map(Value::Number)
}

/// Numbers, and strings that are written like one. Null has no number.
pub(crate) fn number(value: &Value) -> Option<Num> {
    match value {
        Value::Number(number) => Some(Num::of(number)),
        Value::String(text) => parse_number(text),
        _ => None,
    }
}

/// `-?digits`, optionally a fraction, optionally `E-?digits`.
fn parse_number(text: &str) -> Option<Num> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let exponent_fits = exponent.is_none_or(|e| digits(e.strip_prefix('-').unwrap_or(e)));
    if !digits(whole) || !fraction.is_none_or(digits) || !exponent_fits {
        return None;
    }
    if fraction.is_none()
        && exponent.is_none()
        && let Ok(n) = text.parse()
    {
        return Some(Num::Int(n));
    }
    text.parse::<f64>().ok().filter(|n| n.is_finite()).map(Num::Decimal)
}

/// The value as whole number, rounded down, for functions that need one.
pub(crate) fn int_floor(value: &Value) -> Option<i128> {
    match number(value)? {
        Num::Int(n) => Some(n),
        Num::Decimal(n) => whole(n.floor()),
    }
}

/// A decimal without a fraction as integer.
pub(crate) fn whole(n: f64) -> Option<i128> {
    (n.fract() == 0.0 && n.abs() < 1e37).then_some(n as i128)
}

/// Booleans, and the strings "true" and "false" in any case.
pub(crate) fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(b) => Some(*b),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// The value as text; Null has none.
pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// Under 2016-03-23 a decimal without a fraction is an integer.
pub(crate) fn whole_to_int(value: Value) -> Value {
    match &value {
        Value::Number(n) if n.is_f64() => {
            let n = n.as_f64().unwrap_or(f64::NAN);
            // Beyond 2^53 a double does not know its last digits.
            match whole(n).filter(|n| n.unsigned_abs() < 1 << 53) {
                Some(int) => Num::Int(int).into_value().unwrap_or(value),
                None => value,
            }
        }
        _ => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plainly_written_numbers_are_numbers() {
        for (text, expected) in [
            ("12", Some(Num::Int(12))),
            ("-1.50", Some(Num::Decimal(-1.5))),
            ("1e3", Some(Num::Decimal(1000.0))),
            ("1E-2", Some(Num::Decimal(0.01))),
            ("+1", None),
            (".5", None),
            ("5.", None),
            ("1e+3", None),
            ("", None),
            ("-", None),
            (" 1", None),
            ("NaN", None),
            ("1e999", None),
        ] {
            assert_eq!(parse_number(text), expected, "{text}");
        }
    }
}
