//! How often each operation ran and how long it took.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ahash::AHashMap;

use crate::operation::{Operation, Service};

/// The figures of one operation since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OperationStats {
    /// The service, for example `iot`.
    pub service: &'static str,
    /// The operation, for example `DescribeThing`.
    pub operation: &'static str,
    /// Calls of authenticated callers.
    pub calls: u64,
    /// Those that ended in an error.
    pub errors: u64,
    /// Time of all calls together, from the first byte of the head.
    pub took: Duration,
    /// Time of the longest call.
    pub took_max: Duration,
}

#[derive(Debug, Default)]
struct Counters {
    calls: AtomicU64,
    errors: AtomicU64,
    took_us: AtomicU64,
    took_us_max: AtomicU64,
}

#[derive(Debug)]
pub(super) struct Stats {
    operations: Vec<(&'static str, &'static Operation, Counters)>,
    /// Place in `operations` by the operation's address: there is one of each, for ever.
    places: AHashMap<usize, usize>,
    unrecorded: AtomicU64,
    refused: AtomicU64,
}

impl Stats {
    pub(super) fn new(services: &[&'static Service]) -> Self {
        let all = services.iter().flat_map(|service| service.all().map(|it| (service.name, it)));
        let operations: Vec<_> =
            all.map(|(service, operation)| (service, operation, Counters::default())).collect();
        let places = operations
            .iter()
            .enumerate()
            .map(|(place, (_, operation, _))| (address(operation), place))
            .collect();
        Self { operations, places, unrecorded: AtomicU64::new(0), refused: AtomicU64::new(0) }
    }

    pub(super) fn note(&self, operation: &'static Operation, failed: bool, took: Duration) {
        let place = self.places.get(&address(operation));
        let Some((_, _, counters)) = place.and_then(|place| self.operations.get(*place)) else {
            return;
        };
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        counters.calls.fetch_add(1, Ordering::Relaxed);
        counters.errors.fetch_add(u64::from(failed), Ordering::Relaxed);
        counters.took_us.fetch_add(us, Ordering::Relaxed);
        counters.took_us_max.fetch_max(us, Ordering::Relaxed);
    }

    /// A change that could not be written to the audit trail.
    pub(super) fn note_unrecorded(&self) {
        self.unrecorded.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn unrecorded(&self) -> u64 {
        self.unrecorded.load(Ordering::Relaxed)
    }

    /// A request that came to no operation.
    pub(super) fn note_refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    pub(super) fn snapshot(&self) -> Vec<OperationStats> {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        self.operations
            .iter()
            .filter(|(_, _, counters)| read(&counters.calls) > 0)
            .map(|(service, operation, counters)| OperationStats {
                service,
                operation: operation.name,
                calls: read(&counters.calls),
                errors: read(&counters.errors),
                took: Duration::from_micros(read(&counters.took_us)),
                took_max: Duration::from_micros(read(&counters.took_us_max)),
            })
            .collect()
    }
}

fn address(operation: &'static Operation) -> usize {
    std::ptr::from_ref(operation).addr()
}
