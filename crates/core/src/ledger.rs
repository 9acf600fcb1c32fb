//! The account book of a stage: what came in, what went out, what was dropped and why.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

/// Counts the items of one stage. `received = delivered + dropped + in flight` holds at every moment
/// in which nobody is between two calls. Cheap to call from any thread.
#[derive(Debug)]
pub struct Ledger {
    stage: &'static str,
    received: AtomicU64,
    delivered: AtomicU64,
    dropped_total: AtomicU64,
    dropped: Mutex<BTreeMap<&'static str, u64>>,
}

/// The state of a [`Ledger`] at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LedgerSnapshot {
    /// The stage's name, for example `reports` or `delivery`.
    pub stage: &'static str,
    /// Items taken in.
    pub received: u64,
    /// Items handed on.
    pub delivered: u64,
    /// Items refused or given up, by reason.
    pub dropped: BTreeMap<&'static str, u64>,
    /// Items taken in and neither handed on nor dropped so far.
    pub in_flight: u64,
}

impl Ledger {
    /// An empty ledger for `stage`.
    pub const fn new(stage: &'static str) -> Self {
        Self {
            stage,
            received: AtomicU64::new(0),
            delivered: AtomicU64::new(0),
            dropped_total: AtomicU64::new(0),
            dropped: Mutex::new(BTreeMap::new()),
        }
    }

    /// Books `n` items in.
    pub fn received(&self, n: u64) {
        self.received.fetch_add(n, Ordering::Relaxed);
    }

    /// Books `n` items out.
    pub fn delivered(&self, n: u64) {
        self.delivered.fetch_add(n, Ordering::Relaxed);
    }

    /// Books `n` items as dropped for `reason`, a short fixed word such as `malformed`.
    pub fn dropped(&self, reason: &'static str, n: u64) {
        self.dropped_total.fetch_add(n, Ordering::Relaxed);
        let mut dropped = self.dropped.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *dropped.entry(reason).or_default() += n;
    }

    /// The counts now.
    pub fn snapshot(&self) -> LedgerSnapshot {
        let dropped =
            self.dropped.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        let delivered = self.delivered.load(Ordering::Relaxed);
        let gone = delivered + self.dropped_total.load(Ordering::Relaxed);
        let received = self.received.load(Ordering::Relaxed);
        LedgerSnapshot {
            stage: self.stage,
            received,
            delivered,
            dropped,
            in_flight: received.saturating_sub(gone),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_in_is_out_dropped_or_in_flight() {
        let ledger = Ledger::new("reports");
        ledger.received(5);
        ledger.delivered(2);
        ledger.dropped("malformed", 1);
        let now = ledger.snapshot();
        assert_eq!((now.received, now.delivered, now.in_flight), (5, 2, 2));
        assert_eq!(now.dropped.get("malformed"), Some(&1));
    }
}
