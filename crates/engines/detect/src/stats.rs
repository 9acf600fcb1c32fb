//! What the engine tells about itself.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use picket_core::Timestamp;
use picket_ports::registry::Document;
use serde::Serialize;

use picket_profile::Problem;

use crate::alarms::AlarmCounts;

/// A document that could not be loaded. The others are in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BrokenProfile {
    /// `security-profile`, `custom-metric` or `dimension`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: u64,
    /// Everything that is wrong with it.
    pub problems: Vec<String>,
}

impl BrokenProfile {
    pub(crate) fn new(document: &Document, problems: &[Problem]) -> Self {
        Self {
            kind: document.kind.as_str(),
            name: document.name.clone(),
            version: document.version,
            problems: problems.iter().map(ToString::to_string).collect(),
        }
    }
}

/// The engine's state at one moment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DetectStats {
    /// Reports evaluated since the start.
    pub reports: u64,
    /// Of these per second, over the last second in which any came.
    pub reports_per_second: u64,
    /// Repeated reports since the start.
    pub duplicates: u64,
    /// Records of the log that are not evaluated yet, and percentiles that are on their way into it.
    pub lag_records: u64,
    /// Records of the log that are not exported yet.
    pub export_lag_records: u64,
    /// Identities in memory.
    pub things: u64,
    /// Alarms that are on.
    pub active_alarms: u64,
    /// Alarms raised and ended since the start, by profile; beyond 500 profiles the rest together as
    /// `(others)`.
    pub alarms: Vec<(String, AlarmCounts)>,
    /// Profiles in force.
    pub profiles: u64,
    /// Documents that could not be loaded.
    pub broken: Vec<BrokenProfile>,
}

/// Counters behind [`DetectStats`].
#[derive(Debug)]
pub(crate) struct Counters {
    pub(crate) reports: AtomicU64,
    pub(crate) duplicates: AtomicU64,
    /// By partition.
    pub(crate) things: Vec<AtomicU64>,
    reports_per_second: AtomicU64,
    second: Mutex<(Timestamp, u64)>,
}

impl Counters {
    /// Nothing counted.
    pub(crate) fn new(partitions: u16, now: Timestamp) -> Self {
        Self {
            reports: AtomicU64::default(),
            duplicates: AtomicU64::default(),
            things: (0..partitions).map(|_| AtomicU64::default()).collect(),
            reports_per_second: AtomicU64::default(),
            second: Mutex::new((now, 0)),
        }
    }

    /// Counts evaluated reports.
    pub(crate) fn evaluated(&self, reports: u64, now: Timestamp) {
        self.reports.fetch_add(reports, Ordering::Relaxed);
        let mut second = self.second.lock();
        second.1 += reports;
        let passed = now.since(second.0);
        if passed >= Duration::from_secs(1) {
            let rate = second.1 as f64 / passed.as_secs_f64();
            self.reports_per_second.store(rate.round() as u64, Ordering::Relaxed);
            *second = (now, 0);
        }
    }

    /// Reports per second lately.
    pub(crate) fn rate(&self) -> u64 {
        self.reports_per_second.load(Ordering::Relaxed)
    }

    pub(crate) fn get(counter: &AtomicU64) -> u64 {
        counter.load(Ordering::Relaxed)
    }
}
