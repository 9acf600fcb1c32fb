//! One condition of a filter policy.

use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::Value;

/// What a value is held against.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Condition {
    Is(Value),
    Prefix(String),
    Suffix(String),
    SameIgnoringCase(String),
    /// Anything else than what these match; the member has to be there.
    Not(Vec<Condition>),
    /// Within these bounds, each with its operator.
    Number(Vec<(Comparison, f64)>),
    Exists(bool),
    Cidr(IpNet),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    pub(super) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "=" => Self::Equal,
            "<" => Self::Less,
            "<=" => Self::LessOrEqual,
            ">" => Self::Greater,
            ">=" => Self::GreaterOrEqual,
            _ => return None,
        })
    }

    fn holds(self, value: f64, bound: f64) -> bool {
        match self {
            Self::Equal => value == bound,
            Self::Less => value < bound,
            Self::LessOrEqual => value <= bound,
            Self::Greater => value > bound,
            Self::GreaterOrEqual => value >= bound,
        }
    }
}

impl Condition {
    /// Whether it holds for the member's value, or for its absence.
    pub(super) fn holds(&self, value: Option<&Value>) -> bool {
        let Some(value) = value else { return *self == Self::Exists(false) };
        match self {
            Self::Is(expected) => same(expected, value),
            Self::Prefix(start) => value.as_str().is_some_and(|text| text.starts_with(start)),
            Self::Suffix(end) => value.as_str().is_some_and(|text| text.ends_with(end)),
            Self::SameIgnoringCase(other) => {
                value.as_str().is_some_and(|text| text.to_lowercase() == other.to_lowercase())
            }
            Self::Not(others) => !others.iter().any(|other| other.holds(Some(value))),
            Self::Number(bounds) => value.as_f64().is_some_and(|number| {
                bounds.iter().all(|(comparison, bound)| comparison.holds(number, *bound))
            }),
            Self::Exists(there) => *there,
            Self::Cidr(block) => value
                .as_str()
                .and_then(|text| text.parse::<IpAddr>().ok())
                .is_some_and(|address| block.contains(&address)),
        }
    }
}

/// Equality with numbers by value: `12.50` is `12.5`.
fn same(one: &Value, other: &Value) -> bool {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => one == other,
        _ => one == other,
    }
}
