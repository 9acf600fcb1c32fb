//! Faults of the server that many publishes run into at once, such as a full disk.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// A fault that was not met for this long is over.
const OVER_AFTER: Duration = Duration::from_secs(60);
/// Causes told apart; whatever further ones say is not news while these last.
const CAUSES_MAX: usize = 64;

/// Tells the first failure of each cause from those that follow, so that the log gets one line however
/// many publishes fail.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    /// Whether there is any, so that success takes no lock.
    any: AtomicBool,
    by_cause: Mutex<BTreeMap<Box<str>, Fault>>,
}

#[derive(Debug)]
struct Fault {
    count: u64,
    newest: Instant,
}

impl Fault {
    fn is_over(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.newest) >= OVER_AFTER
    }
}

impl Faults {
    /// Notes a failure. True if its cause is new and is to be logged.
    pub(crate) fn failed(&self, cause: &str, now: Instant) -> bool {
        let mut by_cause = self.by_cause.lock();
        self.any.store(true, Ordering::Relaxed);
        if let Some(fault) = by_cause.get_mut(cause) {
            let is_new = fault.is_over(now);
            fault.count = if is_new { 1 } else { fault.count + 1 };
            fault.newest = now;
            return is_new;
        }
        if by_cause.len() >= CAUSES_MAX {
            by_cause.retain(|_, fault| !fault.is_over(now));
        }
        let has_room = by_cause.len() < CAUSES_MAX;
        if has_room {
            by_cause.insert(cause.into(), Fault { count: 1, newest: now });
        }
        has_room
    }

    /// Notes a success. The number of failures, once they are over.
    pub(crate) fn worked(&self, now: Instant) -> Option<u64> {
        if !self.any.load(Ordering::Relaxed) {
            return None;
        }
        let mut by_cause = self.by_cause.lock();
        if by_cause.is_empty() || !by_cause.values().all(|fault| fault.is_over(now)) {
            return None;
        }
        self.any.store(false, Ordering::Relaxed);
        Some(std::mem::take(&mut *by_cause).into_values().map(|fault| fault.count).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_news_once_until_it_was_gone_for_a_while() {
        let faults = Faults::default();
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let failed = |cause, seconds| faults.failed(cause, after(seconds));
        assert_eq!(faults.worked(start), None);
        assert_eq!(
            [failed("full", 0), failed("full", 1), failed("broken", 2)],
            [true, false, true]
        );
        // A success in between, of a smaller report perhaps, is not the end of it.
        assert_eq!(faults.worked(after(30)), None);
        assert!(!failed("full", 40));
        assert_eq!(faults.worked(after(99)), None);
        assert_eq!(faults.worked(after(100)), Some(4));
        assert_eq!(faults.worked(after(101)), None);
        assert!(failed("full", 102));
    }

    #[test]
    fn made_up_causes_fill_neither_the_log_nor_the_memory() {
        let faults = Faults::default();
        let start = Instant::now();
        let news = (0..1000).filter(|n| faults.failed(&n.to_string(), start)).count();
        assert_eq!(news, CAUSES_MAX);
        assert!(faults.failed("later", start + OVER_AFTER));
    }
}
