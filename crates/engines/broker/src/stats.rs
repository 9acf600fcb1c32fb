//! What the broker holds, in numbers.

use std::sync::atomic::Ordering;

use crate::broker::Broker;
use crate::journal::Journal;

/// What the broker holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BrokerStats {
    /// Clients connected.
    pub connected: usize,
    /// Sessions of clients that are away.
    pub kept: usize,
    /// Bytes in the queues and windows of all sessions.
    pub queue_bytes: usize,
    /// Retained messages.
    pub retained: usize,
    /// Bytes of their topics and payloads.
    pub retained_bytes: usize,
    /// Whether what has to be stored is refused at the moment, because the store fails.
    pub is_refusing: bool,
}

impl Broker {
    /// What it holds now.
    pub fn stats(&self) -> BrokerStats {
        let sessions = self.session_count();
        let connected = self.online.load(Ordering::Relaxed).min(sessions);
        let retained = self.retained.read();
        BrokerStats {
            connected,
            kept: sessions - connected,
            queue_bytes: self.queue_bytes(),
            retained: retained.len(),
            retained_bytes: retained.bytes(),
            is_refusing: self.journal.as_deref().is_some_and(Journal::is_failing),
        }
    }
}
