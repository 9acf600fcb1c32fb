//! Buckets of numbers, named by their bounds.

use crate::SplError;
use crate::value::number;

/// Most buckets of an axis.
const BINS_MAX: usize = 50_000;

/// How wide the buckets of a number are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum NumberSpan {
    /// Every so many.
    Width(f64),
    /// Bounds are `factor · base^k`.
    Log {
        /// Times each power.
        factor: f64,
        /// Of the powers.
        base: f64,
    },
}

impl NumberSpan {
    /// Reads `10`, `0.5`, `log2`, `2log10`.
    ///
    /// # Errors
    /// Text that is neither.
    pub fn parse(text: &str) -> Result<Self, SplError> {
        let wrong = || {
            SplError::new(0, format!("`{text}` is not a span of numbers; write 10, 0.5 or log2"))
        };
        let Some((factor, base)) = text.split_once("log") else {
            let width = number::parse(text).filter(|width| *width > 0.0 && width.is_finite());
            return width.map(Self::Width).ok_or_else(wrong);
        };
        let part = |text: &str, default| match text {
            "" => Some(default),
            text => number::parse(text),
        };
        let factor = part(factor, 1.0).ok_or_else(wrong)?;
        let base = part(base, 10.0).filter(|base| *base > 1.0).ok_or_else(wrong)?;
        if factor < 1.0 || factor >= base {
            return Err(SplError::new(
                0,
                format!("the factor of `{text}` is not from 1 to its base"),
            ));
        }
        Ok(Self::Log { factor, base })
    }

    /// The width 1, 2 or 5 times a power of ten that cuts `low` to `high` into at most `bins` buckets.
    pub fn automatic(low: f64, high: f64, bins: usize) -> Self {
        let bins = number::from_whole(i64::try_from(bins.clamp(1, BINS_MAX)).unwrap_or(1));
        let range = high - low;
        if range.is_nan() || range <= 0.0 || range.is_infinite() {
            return Self::Width(1.0);
        }
        let mut power = 10_f64.powf((range / bins).log10().floor());
        loop {
            for factor in [1.0, 2.0, 5.0] {
                let width = factor * power;
                let first = (low / width).floor();
                let last = (high / width).floor();
                if last - first < bins {
                    return Self::Width(width);
                }
            }
            power *= 10.0;
        }
    }

    /// The bounds of the bucket of `value`: at or above the lower, below the upper.
    pub fn bounds(self, value: f64) -> Option<(f64, f64)> {
        if !value.is_finite() {
            return None;
        }
        match self {
            Self::Width(width) => {
                let step = (value / width).floor();
                Some((tidy(step * width), tidy((step + 1.0) * width)))
            }
            Self::Log { factor, base } => {
                if value <= 0.0 {
                    return None;
                }
                let mut power = (value / factor).log(base).floor();
                // The logarithm may be off by a hair at a bound.
                if factor * base.powf(power + 1.0) <= value {
                    power += 1.0;
                }
                if factor * base.powf(power) > value {
                    power -= 1.0;
                }
                Some((tidy(factor * base.powf(power)), tidy(factor * base.powf(power + 1.0))))
            }
        }
    }

    /// The name of the bucket of `value`, as `10-20`.
    pub fn label(self, value: f64) -> Option<String> {
        let (low, high) = self.bounds(value)?;
        Some(format!("{}-{}", number::format(low), number::format(high)))
    }
}

/// A bound without the noise of computing it: 12 digits.
fn tidy(bound: f64) -> f64 {
    format!("{bound:.11e}").parse().unwrap_or(bound)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(span: &str, value: f64) -> Option<String> {
        NumberSpan::parse(span).unwrap().label(value)
    }

    #[test]
    fn values_fall_into_named_buckets() {
        for (span, value, expected) in [
            ("10", 3.0, "0-10"),
            ("10", 10.0, "10-20"),
            ("5", 12.0, "10-15"),
            ("10", -3.0, "-10-0"),
            ("0.1", 0.35, "0.3-0.4"),
            ("log2", 1.0, "1-2"),
            ("log2", 7.0, "4-8"),
            ("2log10", 25.0, "20-200"),
            ("log", 1000.0, "1000-10000"),
        ] {
            assert_eq!(label(span, value).as_deref(), Some(expected), "{span} {value}");
        }
        assert_eq!(label("log10", 0.0), None);
    }

    #[test]
    fn the_automatic_width_is_round() {
        assert_eq!(NumberSpan::automatic(0.0, 99.0, 10), NumberSpan::Width(10.0));
        assert_eq!(NumberSpan::automatic(0.0, 100.0, 10), NumberSpan::Width(20.0));
        assert_eq!(NumberSpan::automatic(5.0, 5.0, 10), NumberSpan::Width(1.0));
    }

    #[test]
    fn what_is_no_span_is_an_error() {
        for text in ["", "0", "-1", "x", "log1", "20log10", "xlog2"] {
            assert!(NumberSpan::parse(text).is_err(), "{text}");
        }
    }
}
