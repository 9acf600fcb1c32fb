//! The long and the short name of every field (spec device-defender §1.4).

/// A field's two names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    pub(crate) long: &'static str,
    pub(crate) short: &'static str,
}

const fn field(long: &'static str, short: &'static str) -> Field {
    Field { long, short }
}

pub(crate) const HEADER: Field = field("header", "hed");
pub(crate) const REPORT_ID: Field = field("report_id", "rid");
pub(crate) const VERSION: Field = field("version", "v");
pub(crate) const METRICS: Field = field("metrics", "met");
pub(crate) const CUSTOM_METRICS: Field = field("custom_metrics", "cmet");
pub(crate) const TCP_CONNECTIONS: Field = field("tcp_connections", "tc");
pub(crate) const ESTABLISHED: Field = field("established_connections", "ec");
pub(crate) const CONNECTIONS: Field = field("connections", "cs");
pub(crate) const REMOTE_ADDR: Field = field("remote_addr", "rad");
pub(crate) const LOCAL_PORT: Field = field("local_port", "lp");
pub(crate) const LOCAL_INTERFACE: Field = field("local_interface", "li");
pub(crate) const TOTAL: Field = field("total", "t");
pub(crate) const LISTENING_TCP: Field = field("listening_tcp_ports", "tp");
pub(crate) const LISTENING_UDP: Field = field("listening_udp_ports", "up");
pub(crate) const PORTS: Field = field("ports", "pts");
pub(crate) const PORT: Field = field("port", "pt");
pub(crate) const INTERFACE: Field = field("interface", "if");
pub(crate) const NETWORK_STATS: Field = field("network_stats", "ns");
pub(crate) const BYTES_IN: Field = field("bytes_in", "bi");
pub(crate) const BYTES_OUT: Field = field("bytes_out", "bo");
pub(crate) const PACKETS_IN: Field = field("packets_in", "pi");
pub(crate) const PACKETS_OUT: Field = field("packets_out", "po");
