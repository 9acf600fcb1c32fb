//! Where to connect, as whom, and how long to wait.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The ALPN name under which MQTT is served on port 443 (spec iot-core §3.1).
pub const ALPN_MQTT: &str = "x-amzn-mqtt-ca";

/// The protocol version a session speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MqttVersion {
    /// MQTT 3.1.1.
    V3_1_1,
    /// MQTT 5, which gives a reason with every refusal.
    #[default]
    V5,
}

/// A server's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Host name or IP address. The server's certificate must be valid for it.
    pub host: String,
    /// TCP port: 8883, or 443 together with [`ALPN_MQTT`].
    pub port: u16,
}

impl Endpoint {
    /// An endpoint on `host` and `port`.
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self { host: host.into(), port }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// What lies between MQTT and TCP.
#[derive(Clone)]
pub enum Transport {
    /// Mutual TLS. See [`crate::client_config`]; one configuration serves all connections of a device.
    Tls(Arc<rustls::ClientConfig>),
    /// Nothing: for a plaintext port on the loopback.
    Plain,
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tls(_) => "Tls",
            Self::Plain => "Plain",
        })
    }
}

/// How long each step may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// TCP connect, TLS handshake and CONNACK, each.
    pub connect: Duration,
    /// PUBACK, SUBACK and PINGRESP.
    pub answer: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), answer: Duration::from_secs(15) }
    }
}

/// What CONNECT says, and the limits of the session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectOptions {
    /// The client id, 1–128 bytes; for a device its thing name.
    pub client_id: String,
    /// Protocol version.
    pub version: MqttVersion,
    /// Longest silence before a PINGREQ is sent; zero means never. AWS takes 30–1200 s.
    pub keep_alive: Duration,
    /// Time limits.
    pub timeouts: Timeouts,
    /// Largest packet taken from the server, in bytes.
    pub packet_bytes_max: u32,
    /// Most QoS 1 publishes that wait for their PUBACK at a time.
    pub in_flight_max: usize,
    /// Most messages kept for the caller while it waits for something else; the oldest go first.
    pub inbox_messages_max: usize,
}

impl ConnectOptions {
    /// MQTT 5 as `client_id`, keep-alive 60 s, 256 KiB a packet, 100 publishes in flight.
    pub fn new(client_id: impl Into<String>) -> Self {
        Self {
            client_id: client_id.into(),
            version: MqttVersion::default(),
            keep_alive: Duration::from_secs(60),
            timeouts: Timeouts::default(),
            packet_bytes_max: 256 * 1024,
            in_flight_max: 100,
            inbox_messages_max: 64,
        }
    }
}
