//! Settings of the collector: `[hec]` in the configuration file.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use picket_wire_hec::Limits;
use serde::{Deserialize, Serialize};

/// Settings of the collector. Sizes are bytes, times seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HecConfig {
    /// Where to listen; port 0 takes a free one. Default `127.0.0.1:8088`.
    pub listen: SocketAddr,
    /// Whether to speak TLS. Default true.
    pub tls: bool,
    /// The index of events whose sender and token name none. Default `main`.
    pub default_index: String,
    /// Largest body, packed as well as unpacked. Default 32 MiB.
    pub body_bytes_max: usize,
    /// Largest event. Default 5 MiB.
    pub event_bytes_max: usize,
    /// Most events in one body. Default 100,000.
    pub events_max: u64,
    /// Bytes that bodies on their way to the index may take in all; beyond it senders are told that the
    /// server is busy. Default 256 MiB.
    pub memory_bytes_max: usize,
    /// Most connections at a time; more wait in the listener's queue. Default 4,096.
    pub connections_max: usize,
    /// How long a TLS handshake may take. Default 10.
    pub handshake_timeout_seconds: u64,
    /// How long a connection may wait for, or take over, a request's head. Default 75.
    pub idle_timeout_seconds: u64,
    /// How long a request's body may take. Default 60.
    pub body_timeout_seconds: u64,
    /// How long a channel's acknowledgements are kept after its last use. Default 600.
    pub channel_idle_seconds: u64,
    /// Most channels with acknowledgements. Default 100,000.
    pub channels_max: usize,
    /// Most unqueried acknowledgements of one channel. Default 100,000.
    pub channel_acks_max: usize,
    /// Most unqueried acknowledgements in all. Default 1,000,000.
    pub acks_max: usize,
    /// Whether a body with one bad event is refused whole, rather than the events before it being kept
    /// as Splunk does. Default false.
    pub strict_batch: bool,
    /// Whether a full queue is answered by codes 26 and 27 with status 429, rather than code 9 with
    /// status 503. Default false.
    pub report_capacity: bool,
}

impl Default for HecConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8088),
            tls: true,
            default_index: "main".to_owned(),
            body_bytes_max: 32 * 1024 * 1024,
            event_bytes_max: 5 * 1024 * 1024,
            events_max: 100_000,
            memory_bytes_max: 256 * 1024 * 1024,
            connections_max: 4096,
            handshake_timeout_seconds: 10,
            idle_timeout_seconds: 75,
            body_timeout_seconds: 60,
            channel_idle_seconds: 600,
            channels_max: 100_000,
            channel_acks_max: 100_000,
            acks_max: 1_000_000,
            strict_batch: false,
            report_capacity: false,
        }
    }
}

impl HecConfig {
    /// What one body may hold.
    pub fn limits(&self) -> Limits {
        Limits {
            event_bytes_max: self.event_bytes_max,
            events_max: self.events_max,
            ..Limits::default()
        }
    }

    /// How long a channel may be idle.
    pub const fn channel_idle(&self) -> Duration {
        Duration::from_secs(self.channel_idle_seconds)
    }
}
