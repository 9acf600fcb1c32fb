//! How many alarms were raised and ended, by profile (spec device-defender §4.8).

use std::collections::BTreeMap;

use parking_lot::Mutex;
use picket_ports::alarms::{ViolationEvent, ViolationEventType};
use serde::Serialize;

/// Profiles that are counted by name; the rest are counted together.
const PROFILES_MAX: usize = 500;
/// The name under which the rest are counted. No profile can be called so.
const OTHERS: &str = "(others)";

/// Events since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct AlarmCounts {
    /// Alarms raised.
    pub violations: u64,
    /// Alarms cleared.
    pub cleared: u64,
    /// Alarms invalidated.
    pub invalidated: u64,
}

impl AlarmCounts {
    const fn add(&mut self, event: ViolationEventType) {
        match event {
            ViolationEventType::InAlarm => self.violations += 1,
            ViolationEventType::AlarmCleared => self.cleared += 1,
            ViolationEventType::AlarmInvalidated => self.invalidated += 1,
        }
    }
}

/// The counters.
#[derive(Debug, Default)]
pub(super) struct Counted(Mutex<BTreeMap<String, AlarmCounts>>);

impl Counted {
    pub(super) fn add(&self, event: &ViolationEvent) {
        let mut by_profile = self.0.lock();
        let profile = &event.violation.profile;
        let name = if by_profile.contains_key(profile) || by_profile.len() < PROFILES_MAX {
            profile
        } else {
            OTHERS
        };
        by_profile.entry(name.to_owned()).or_default().add(event.event);
    }

    pub(super) fn by_profile(&self) -> Vec<(String, AlarmCounts)> {
        self.0.lock().iter().map(|(name, counts)| (name.clone(), *counts)).collect()
    }
}
