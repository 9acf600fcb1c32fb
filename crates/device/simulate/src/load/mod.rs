//! Load for benches: many connections that publish reports as fast as they are acknowledged, or at a
//! fixed rate, with the time to each PUBACK.

mod latency;
mod runner;
mod template;
#[cfg(test)]
mod tests;

use std::time::Duration;

use picket_device_client::{Endpoint, MqttVersion, Transport};
use serde::Serialize;

pub use latency::LatencySummary;

/// How fast is published.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pace {
    /// As fast as the server acknowledges, with so many publishes in flight on each connection.
    AsAcknowledged {
        /// 1 or more.
        in_flight: usize,
    },
    /// So many a second over all connections. A publish that is late counts as late: its time runs
    /// from when it was due.
    Rate(f64),
}

/// What is published, at QoS 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Load {
    /// Reports of the simulated device of that name, on its defender topic.
    Reports,
    /// So many bytes on `things/NAME/data`.
    Bytes(usize),
}

/// Settings of a run.
#[derive(Debug, Clone)]
pub struct LoadConfig {
    /// How fast.
    pub pace: Pace,
    /// What.
    pub load: Load,
    /// Time that is not measured, after all are connected.
    pub warm_up: Duration,
    /// Time that is measured.
    pub duration: Duration,
    /// How long to wait for the last acknowledgements; what is missing then is lost.
    pub drain: Duration,
    /// Connections that are made at a time.
    pub connects_at_a_time: usize,
    /// MQTT version.
    pub mqtt_version: MqttVersion,
    /// Seed of the reports.
    pub seed: u64,
}

impl Default for LoadConfig {
    /// One publish in flight a connection, for 10 s after 2 s.
    fn default() -> Self {
        Self {
            pace: Pace::AsAcknowledged { in_flight: 1 },
            load: Load::Reports,
            warm_up: Duration::from_secs(2),
            duration: Duration::from_secs(10),
            drain: Duration::from_secs(10),
            connects_at_a_time: 32,
            mqtt_version: MqttVersion::V5,
            seed: 1,
        }
    }
}

/// What came out.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LoadReport {
    /// Connections that stood.
    pub connections: usize,
    /// Connections that could not be made.
    pub connect_failures: usize,
    /// Time until all were made.
    pub connect_seconds: f64,
    /// Publishes in the measured time.
    pub sent: u64,
    /// Of these, acknowledged.
    pub acknowledged: u64,
    /// Of these, refused by the server.
    pub refused: u64,
    /// Of these, neither, because the connection broke or no answer came.
    pub lost: u64,
    /// Length of the measured time.
    pub seconds: f64,
    /// Acknowledged publishes a second.
    pub acknowledged_per_second: f64,
    /// From publish (or its due time) to PUBACK.
    pub latency: LatencySummary,
    /// The first error, in words.
    pub first_error: Option<String>,
}

/// Puts load on `endpoint`, one connection for each of `clients` (client id and transport).
pub async fn run(
    config: &LoadConfig,
    endpoint: &Endpoint,
    clients: Vec<(String, Transport)>,
) -> LoadReport {
    runner::run(config, endpoint, clients).await
}
