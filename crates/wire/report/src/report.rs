//! A report as the rest of Picket sees it: no wire names, every number checked.

use crate::RemoteAddress;

/// The `Major.Minor` version of the report format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version {
    /// Grows when metrics are removed. Only major 1 is understood.
    pub major: u16,
    /// Grows when fields are added; any is accepted.
    pub minor: u16,
}

impl Default for Version {
    /// `1.0`.
    fn default() -> Self {
        Self { major: 1, minor: 0 }
    }
}

/// One report of one device (spec device-defender §1.4).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Report {
    /// Positive; by custom an epoch in seconds or milliseconds.
    pub report_id: u64,
    /// Format version.
    pub version: Version,
    /// The `metrics` block, if it was there.
    pub metrics: Option<DeviceMetrics>,
    /// The `custom_metrics` block, if it was there: values by metric name, in the order sent.
    pub custom_metrics: Option<Vec<(String, CustomValue)>>,
    /// Custom values that are well formed but break a rule of spec §1.5, so that they are not kept.
    /// Never encoded.
    pub not_retained: Vec<NotRetained>,
}

/// A custom value that was left out of a report that was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotRetained {
    /// The custom metric's name, shortened to 128 characters.
    pub name: String,
    /// The rule it breaks.
    pub problem: &'static str,
}

/// The built-in metrics. What the device left out is absent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeviceMetrics {
    /// TCP ports the device listens on.
    pub listening_tcp_ports: Option<ListeningPorts>,
    /// UDP ports the device listens on.
    pub listening_udp_ports: Option<ListeningPorts>,
    /// Traffic since the previous report.
    pub network_stats: Option<NetworkStats>,
    /// TCP connections in state ESTABLISHED.
    pub established_connections: Option<Connections>,
}

/// Listening ports. List and total are independent: agents shorten lists or leave them out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListeningPorts {
    /// The ports; absent is not the same as empty.
    pub ports: Option<Vec<ListeningPort>>,
    /// How many there are.
    pub total: Option<u64>,
}

/// One listening port.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListeningPort {
    /// 1–65535.
    pub port: u16,
    /// The interface it is bound to.
    pub interface: Option<String>,
}

/// Traffic since the previous report: deltas, never absolute counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NetworkStats {
    /// Bytes received.
    pub bytes_in: Option<u64>,
    /// Bytes sent.
    pub bytes_out: Option<u64>,
    /// Packets received.
    pub packets_in: Option<u64>,
    /// Packets sent.
    pub packets_out: Option<u64>,
}

/// Established connections. List and total are independent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Connections {
    /// The connections; absent is not the same as empty.
    pub connections: Option<Vec<Connection>>,
    /// How many there are.
    pub total: Option<u64>,
}

/// One established connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// The other end.
    pub remote: RemoteAddress,
    /// The port on this side.
    pub local_port: Option<u16>,
    /// The interface on this side.
    pub local_interface: Option<String>,
}

/// The value of a custom metric (spec device-defender §1.5).
#[derive(Debug, Clone, PartialEq)]
pub enum CustomValue {
    /// `number`.
    Number(f64),
    /// `number_list`.
    NumberList(Vec<f64>),
    /// `string_list`.
    StringList(Vec<String>),
    /// `ip_list`.
    IpList(Vec<std::net::IpAddr>),
}

impl CustomValue {
    /// The API's `metricType` of this value.
    pub const fn metric_type(&self) -> &'static str {
        match self {
            Self::Number(_) => "number",
            Self::NumberList(_) => "number-list",
            Self::StringList(_) => "string-list",
            Self::IpList(_) => "ip-address-list",
        }
    }
}

/// Whether `name` may be the name of a custom metric: 1–128 of `[a-zA-Z0-9:_-]`, not `aws:…`.
pub fn is_custom_metric_name(name: &str) -> bool {
    let allowed = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b':' | b'_' | b'-');
    (1..=128).contains(&name.len()) && name.bytes().all(allowed) && !name.starts_with("aws:")
}
