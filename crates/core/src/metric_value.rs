//! The value of one metric datapoint.

use serde::{Deserialize, Serialize};

/// A measured value or a threshold: AWS's `MetricValue`, which has exactly one member
/// (spec device-defender §2.1). Serialises in that wire shape, `{"count":3}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MetricValue {
    /// A whole number of events, bytes, packets, ports or connections.
    Count(u64),
    /// IP addresses or address blocks.
    Cidrs(Vec<String>),
    /// TCP or UDP port numbers.
    Ports(Vec<u16>),
    /// A custom metric's number.
    Number(f64),
    /// A custom metric's list of numbers.
    Numbers(Vec<f64>),
    /// A custom metric's list of texts.
    Strings(Vec<String>),
}

impl MetricValue {
    /// The name of the one member, as it stands in JSON.
    pub const fn member(&self) -> &'static str {
        match self {
            Self::Count(_) => "count",
            Self::Cidrs(_) => "cidrs",
            Self::Ports(_) => "ports",
            Self::Number(_) => "number",
            Self::Numbers(_) => "numbers",
            Self::Strings(_) => "strings",
        }
    }

    /// The value as a number, for the two numeric kinds.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Count(count) => Some(*count as f64),
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_the_member_is_the_name_on_the_wire() {
        let ports = MetricValue::Ports(vec![22, 8883]);
        assert_eq!(ports.member(), "ports");
        assert_eq!(ports.as_f64(), None);
    }
}
