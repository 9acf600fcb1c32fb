//! How much the broker keeps.

use std::time::Duration;

use picket_session::SessionLimits;

/// Limits on what clients can make the broker hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BrokerLimits {
    /// What one session may hold; beyond it the newest message is dropped and counted.
    pub session: SessionLimits,
    /// Most retained messages; further topics are refused.
    pub retained_messages_max: usize,
    /// Most bytes of retained topics and payloads.
    pub retained_bytes_max: usize,
    /// Most sessions, connected or kept; further clients are refused.
    pub sessions_max: usize,
}

impl Default for BrokerLimits {
    fn default() -> Self {
        Self {
            session: SessionLimits {
                in_flight_max: 100,
                queue_messages_max: 10_000,
                queue_bytes_max: 8 << 20,
                unacknowledged_max: Duration::from_secs(3600),
                resume_per_second: 0,
            },
            retained_messages_max: 100_000,
            retained_bytes_max: 256 << 20,
            sessions_max: 1_000_000,
        }
    }
}
