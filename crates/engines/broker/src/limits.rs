//! `[broker]` of the configuration file: how much the broker keeps, and for how long.

use std::time::Duration;

use picket_session::SessionLimits;
use serde::{Deserialize, Serialize};

/// Limits on what clients can make the broker hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BrokerLimits {
    /// What one session may hold; beyond it the newest message is dropped and counted.
    pub session: SessionLimits,
    /// Most bytes in the queues and windows of all sessions; beyond it the newest message is dropped
    /// and counted.
    pub queues_bytes_max: usize,
    /// Most retained messages; further topics are refused.
    pub retained_messages_max: usize,
    /// Most bytes of retained topics and payloads.
    pub retained_bytes_max: usize,
    /// Most sessions, connected or kept; further clients are refused.
    pub sessions_max: usize,
    /// How long the store waits for receivers that are connected to acknowledge.
    pub store_linger: Duration,
}

impl Default for BrokerLimits {
    fn default() -> Self {
        Self::from(&BrokerConfig::default())
    }
}

/// `[broker]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BrokerConfig {
    /// Most messages sent to a client and not yet acknowledged. Default 100.
    pub in_flight_max: u16,
    /// Most messages waiting for a client, connected or not; the newest is dropped. Default 10000.
    pub queue_messages_max: usize,
    /// Most bytes waiting for a client or sent and not acknowledged; the newest message is dropped.
    /// Default 8388608.
    pub queue_bytes_max: usize,
    /// The same for all clients together. Default 1073741824.
    pub queues_bytes_max: usize,
    /// A message that a connected client has not acknowledged for this many seconds is given up.
    /// Default 3600, as AWS does.
    pub unacknowledged_seconds_max: u64,
    /// Messages that waited for a client are sent to it no faster than this in a second; 0 is no
    /// limit. AWS sends 10. Default 0: devices get what they missed at once.
    pub resume_per_second: u32,
    /// The same for messages of shared subscriptions, for each member. AWS sends 20. Default 0.
    pub resume_shared_per_second: u32,
    /// Most retained messages. Default 100000.
    pub retained_messages_max: usize,
    /// Most bytes of retained topics and payloads. Default 268435456.
    pub retained_bytes_max: usize,
    /// Most sessions, connected or kept. Default 1000000.
    pub sessions_max: usize,
    /// A message for kept sessions that are connected is stored only if it is not acknowledged within
    /// this many milliseconds; its publisher waits as long. Default 5.
    pub store_linger_ms: u64,
}

impl Default for BrokerConfig {
    fn default() -> Self {
        Self {
            in_flight_max: 100,
            queue_messages_max: 10_000,
            queue_bytes_max: 8 << 20,
            queues_bytes_max: 1 << 30,
            unacknowledged_seconds_max: 3600,
            resume_per_second: 0,
            resume_shared_per_second: 0,
            retained_messages_max: 100_000,
            retained_bytes_max: 256 << 20,
            sessions_max: 1_000_000,
            store_linger_ms: 5,
        }
    }
}

impl From<&BrokerConfig> for BrokerLimits {
    fn from(config: &BrokerConfig) -> Self {
        Self {
            session: SessionLimits {
                // Room in the packet ids.
                in_flight_max: config.in_flight_max.clamp(1, 32_767),
                queue_messages_max: config.queue_messages_max,
                queue_bytes_max: config.queue_bytes_max,
                unacknowledged_max: Duration::from_secs(config.unacknowledged_seconds_max),
                resume_per_second: config.resume_per_second.min(1000),
                resume_shared_per_second: config.resume_shared_per_second.min(1000),
            },
            queues_bytes_max: config.queues_bytes_max,
            retained_messages_max: config.retained_messages_max,
            retained_bytes_max: config.retained_bytes_max,
            sessions_max: config.sessions_max,
            store_linger: Duration::from_millis(config.store_linger_ms.min(1000)),
        }
    }
}
