//! What the collector counts besides events, and the log line that comes once per cause.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Requests and connections so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HecStats {
    /// Answers by HTTP status.
    pub answers: BTreeMap<u16, u64>,
    /// Connections that ended in a TLS handshake.
    pub bad_handshakes: u64,
    /// Connections that ended because what came was not HTTP, or stopped in the middle.
    pub bad_connections: u64,
}

/// Collects [`HecStats`].
#[derive(Debug, Default)]
pub(crate) struct Counters {
    stats: Mutex<HecStats>,
    failing: Mutex<Option<&'static str>>,
}

impl Counters {
    pub(crate) fn answered(&self, status: u16) {
        *lock(&self.stats).answers.entry(status).or_default() += 1;
    }

    pub(crate) fn bad_handshake(&self) {
        lock(&self.stats).bad_handshakes += 1;
    }

    pub(crate) fn bad_connection(&self) {
        lock(&self.stats).bad_connections += 1;
    }

    pub(crate) fn stats(&self) -> HecStats {
        lock(&self.stats).clone()
    }

    /// Notes that events could not be stored. True if that is news: the first failure, or one for
    /// another reason than the one before.
    pub(crate) fn is_news(&self, reason: &'static str) -> bool {
        lock(&self.failing).replace(reason) != Some(reason)
    }

    /// Notes that events were stored. True if that is news.
    pub(crate) fn has_recovered(&self) -> bool {
        lock(&self.failing).take().is_some()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_news_once_until_it_is_over() {
        let counters = Counters::default();
        assert!(!counters.has_recovered());
        assert!(counters.is_news("busy") && !counters.is_news("busy") && counters.is_news("disk"));
        assert!(counters.has_recovered() && !counters.has_recovered());
        assert!(counters.is_news("disk"));
    }
}
