//! A value as it was measured, before it is written anywhere.

use std::net::IpAddr;

use picket_core::MetricValue;

/// What a metric gave for one datapoint.
#[derive(Debug, Clone, PartialEq)]
pub enum Measured {
    /// A count.
    Count(u64),
    /// The sizes of the messages of a window: a test uses the one that breaks it first
    /// (spec device-defender §2.5).
    Sizes {
        /// Smallest.
        min: u64,
        /// Largest.
        max: u64,
        /// Sum.
        total: u64,
    },
    /// Ports, sorted, each once.
    Ports(Vec<u16>),
    /// Addresses, sorted, each once.
    Addresses(Vec<IpAddr>),
    /// A custom number.
    Number(f64),
    /// Custom numbers as sent.
    Numbers(Vec<f64>),
    /// Custom texts as sent.
    Texts(Vec<String>),
}

impl Measured {
    /// Ports in order, each once.
    pub fn ports(mut ports: Vec<u16>) -> Self {
        ports.sort_unstable();
        ports.dedup();
        Self::Ports(ports)
    }

    /// Addresses in order, each once; IPv4 in IPv6 as IPv4.
    pub fn addresses(addresses: impl Iterator<Item = IpAddr>) -> Self {
        let mut addresses: Vec<_> = addresses.map(|it| it.to_canonical()).collect();
        addresses.sort_unstable();
        addresses.dedup();
        Self::Addresses(addresses)
    }

    /// The value for the outside; of message sizes the sum.
    pub fn value(&self) -> MetricValue {
        match self {
            Self::Count(count) => MetricValue::Count(*count),
            Self::Sizes { total, .. } => MetricValue::Count(*total),
            Self::Ports(ports) => MetricValue::Ports(ports.clone()),
            Self::Addresses(addresses) => {
                MetricValue::Cidrs(addresses.iter().map(ToString::to_string).collect())
            }
            Self::Number(number) => MetricValue::Number(*number),
            Self::Numbers(numbers) => MetricValue::Numbers(numbers.clone()),
            Self::Texts(texts) => MetricValue::Strings(texts.clone()),
        }
    }
}
