//! What the engine tells about itself.

use std::sync::atomic::{AtomicU64, Ordering};

use picket_ports::registry::Document;
use serde::Serialize;

use picket_profile::Problem;

use crate::alarms::AlarmCounts;

/// A document that could not be loaded. The others are in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BrokenProfile {
    /// `security-profile` or `custom-metric`.
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
    /// Records of the log that are not evaluated yet.
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
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) reports: AtomicU64,
    pub(crate) reports_per_second: AtomicU64,
    pub(crate) duplicates: AtomicU64,
    pub(crate) things: AtomicU64,
}

impl Counters {
    pub(crate) fn get(counter: &AtomicU64) -> u64 {
        counter.load(Ordering::Relaxed)
    }
}
