//! Condition operators (spec iot-core §4.4).

use std::cmp::Ordering;
use std::net::IpAddr;

use ipnet::IpNet;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::number::Number;
use crate::pattern::{Pattern, text_of};

/// How a key's value is compared with the policy's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    EqualIgnoreCase,
    Like,
    Numeric(Ordered),
    Date(Ordered),
    Bool,
    Ip,
    Arn,
}

/// An order between two numbers or times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ordered {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Ordered {
    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

/// Every comparing operator: its name, what it compares, and whether it is negated.
pub(crate) const OPERATORS: &[(&str, Comparison, bool)] = &[
    ("StringEquals", Comparison::Equal, false),
    ("StringNotEquals", Comparison::Equal, true),
    ("StringEqualsIgnoreCase", Comparison::EqualIgnoreCase, false),
    ("StringNotEqualsIgnoreCase", Comparison::EqualIgnoreCase, true),
    ("StringLike", Comparison::Like, false),
    ("StringNotLike", Comparison::Like, true),
    ("NumericEquals", Comparison::Numeric(Ordered::Equal), false),
    ("NumericNotEquals", Comparison::Numeric(Ordered::Equal), true),
    ("NumericLessThan", Comparison::Numeric(Ordered::Less), false),
    ("NumericLessThanEquals", Comparison::Numeric(Ordered::LessOrEqual), false),
    ("NumericGreaterThan", Comparison::Numeric(Ordered::Greater), false),
    ("NumericGreaterThanEquals", Comparison::Numeric(Ordered::GreaterOrEqual), false),
    ("DateEquals", Comparison::Date(Ordered::Equal), false),
    ("DateNotEquals", Comparison::Date(Ordered::Equal), true),
    ("DateLessThan", Comparison::Date(Ordered::Less), false),
    ("DateLessThanEquals", Comparison::Date(Ordered::LessOrEqual), false),
    ("DateGreaterThan", Comparison::Date(Ordered::Greater), false),
    ("DateGreaterThanEquals", Comparison::Date(Ordered::GreaterOrEqual), false),
    ("Bool", Comparison::Bool, false),
    ("IpAddress", Comparison::Ip, false),
    ("NotIpAddress", Comparison::Ip, true),
    ("ArnEquals", Comparison::Arn, false),
    ("ArnNotEquals", Comparison::Arn, true),
    ("ArnLike", Comparison::Arn, false),
    ("ArnNotLike", Comparison::Arn, true),
];

/// A policy's value, ready to be compared.
#[derive(Debug, Clone)]
pub(crate) enum Wanted {
    Text(String),
    TextIgnoreCase(String),
    Like(Pattern),
    Number(Ordered, Number),
    Date(Ordered, i64),
    Bool(bool),
    Net(IpNet),
    Arn([Pattern; 6]),
}

impl Wanted {
    /// Reads the policy's value for `comparison`. The error says what was expected instead.
    pub(crate) fn read(comparison: Comparison, pattern: &[u8]) -> Result<Self, &'static str> {
        let text = || text_of(pattern);
        match comparison {
            Comparison::Equal => Ok(Self::Text(text())),
            Comparison::EqualIgnoreCase => Ok(Self::TextIgnoreCase(text().to_lowercase())),
            Comparison::Like => Ok(Self::Like(Pattern::new(pattern))),
            Comparison::Numeric(ordered) => {
                Number::parse(&text()).map(|n| Self::Number(ordered, n)).ok_or("a number")
            }
            Comparison::Date(ordered) => date_ms(&text())
                .map(|ms| Self::Date(ordered, ms))
                .ok_or("a time as YYYY-MM-DDThh:mm:ssZ, YYYY-MM-DD, or seconds since 1970"),
            Comparison::Bool => boolean(&text()).map(Self::Bool).ok_or("true or false"),
            Comparison::Ip => net(&text()).map(Self::Net).ok_or("an IP address or CIDR range"),
            Comparison::Arn => arn_patterns(pattern)
                .map(Self::Arn)
                .ok_or("an ARN of six parts separated by colons"),
        }
    }

    /// Whether `value`, which comes from the connection, is what the policy asks for.
    pub(crate) fn is(&self, value: &str) -> bool {
        match self {
            Self::Text(text) => text == value,
            Self::TextIgnoreCase(lower) => *lower == value.to_lowercase(),
            Self::Like(pattern) => pattern.matches(value),
            Self::Number(ordered, wanted) => {
                Number::parse(value).is_some_and(|n| ordered.holds(n.cmp(wanted)))
            }
            Self::Date(ordered, wanted) => {
                date_ms(value).is_some_and(|ms| ordered.holds(ms.cmp(wanted)))
            }
            Self::Bool(wanted) => boolean(value) == Some(*wanted),
            Self::Net(net) => {
                value.parse::<IpAddr>().is_ok_and(|ip| net.contains(&ip.to_canonical()))
            }
            Self::Arn(patterns) => {
                let mut parts = value.splitn(6, ':');
                patterns.iter().all(|p| parts.next().is_some_and(|part| p.matches(part)))
            }
        }
    }
}

pub(crate) fn boolean(text: &str) -> Option<bool> {
    let is = |word: &str| text.eq_ignore_ascii_case(word);
    if is("true") { Some(true) } else { is("false").then_some(false) }
}

fn net(text: &str) -> Option<IpNet> {
    text.parse::<IpNet>().ok().or_else(|| Some(IpNet::from(text.parse::<IpAddr>().ok()?)))
}

fn date_ms(text: &str) -> Option<i64> {
    if let Ok(instant) = text.parse::<jiff::Timestamp>() {
        return Some(instant.as_millisecond());
    }
    if let Ok(seconds) = text.parse::<i64>() {
        return seconds.checked_mul(1000);
    }
    let date: Date = text.parse().ok()?;
    Some(TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok()?.as_millisecond())
}

/// Splits at the first five colons; wildcards stay inside their part.
fn arn_patterns(pattern: &[u8]) -> Option<[Pattern; 6]> {
    let parts: Vec<_> = pattern.splitn(6, |byte| *byte == b':').map(Pattern::new).collect();
    parts.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::Template;

    fn check(operator: &str, wanted: &str, value: &str, expected: bool) {
        let (_, comparison, _) = OPERATORS.iter().find(|entry| entry.0 == operator).unwrap();
        let pattern = Template::parse(wanted, true).pattern(&|_| Ok(String::new())).unwrap();
        let wanted = Wanted::read(*comparison, &pattern).unwrap();
        assert_eq!(wanted.is(value), expected, "{operator} {wanted:?} {value}");
    }

    #[test]
    fn strings() {
        check("StringEquals", "a*", "a*", true);
        check("StringEquals", "a*", "ab", false);
        check("StringEqualsIgnoreCase", "Ab", "aB", true);
        check("StringLike", "a*", "ab", true);
    }

    #[test]
    fn numbers_and_times() {
        check("NumericLessThan", "10", "9.5", true);
        check("NumericLessThan", "10", "ten", false);
        check("NumericGreaterThanEquals", "10", "1e1", true);
        check("NumericEquals", "18446744073709551617", "18446744073709551616", false);
        check("DateLessThan", "2025-01-01T00:00:00Z", "2024-12-31", true);
        check("DateEquals", "1735689600", "2025-01-01T01:00:00+01:00", true);
    }

    #[test]
    fn booleans_addresses_and_arns() {
        check("Bool", "true", "TRUE", true);
        check("IpAddress", "10.0.0.0/8", "10.1.2.3", true);
        check("IpAddress", "10.0.0.1", "10.0.0.2", false);
        check("IpAddress", "2001:db8::/32", "2001:db8::1", true);
        check("ArnLike", "arn:aws:iot:*:*:thing/p*", "arn:aws:iot:x:1:thing/p/q", true);
        check("ArnLike", "arn:aws:*:thing/p:*:*", "arn:aws:iot:x:1:thing/p", false);
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_refused() {
        let read = |comparison, text: &str| Wanted::read(comparison, text.as_bytes()).is_err();
        assert!(read(Comparison::Ip, "ten"));
        assert!(read(Comparison::Bool, "yes"));
        assert!(read(Comparison::Arn, "a:b"));
        assert!(read(Comparison::Numeric(Ordered::Less), "NaN"));
    }
}
