//! Settings of mitigation: `[mitigation]` in the configuration file.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Settings of mitigation; AWS's quotas unless told otherwise (spec device-defender §3.6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MitigateConfig {
    /// Most mitigation actions. Default 100.
    pub actions_max: usize,
    /// Most audit mitigation tasks at a time. Default 10.
    pub audit_tasks_max: usize,
    /// Most detect mitigation tasks at a time. Default 5.
    pub detect_tasks_max: usize,
    /// Most findings or violations of one task. Default 10,000.
    pub targets_max: usize,
    /// How many targets of one task are worked on at a time. Default 8.
    pub targets_at_once: usize,
    /// Days for which tasks are kept after they have ended. Default 90.
    pub retention_days: u32,
    /// Whether violations may be met by ADD_THINGS_TO_THING_GROUP only, as AWS has it. Default false:
    /// all six types of actions may.
    pub aws_pairings_only: bool,
}

impl Default for MitigateConfig {
    fn default() -> Self {
        Self {
            actions_max: 100,
            audit_tasks_max: 10,
            detect_tasks_max: 5,
            targets_max: 10_000,
            targets_at_once: 8,
            retention_days: 90,
            aws_pairings_only: false,
        }
    }
}

impl MitigateConfig {
    /// What is wrong with the settings, one sentence each.
    pub fn problems(&self) -> Vec<String> {
        let at_least_one = [
            ("actions_max", self.actions_max),
            ("audit_tasks_max", self.audit_tasks_max),
            ("detect_tasks_max", self.detect_tasks_max),
            ("targets_max", self.targets_max),
            ("targets_at_once", self.targets_at_once),
            ("retention_days", usize::try_from(self.retention_days).unwrap_or(usize::MAX)),
        ];
        let zeros = at_least_one.iter().filter(|(_, value)| *value == 0);
        zeros.map(|(name, _)| format!("`mitigation.{name}` must be at least 1")).collect()
    }

    pub(crate) fn retention(&self) -> Duration {
        Duration::from_secs(u64::from(self.retention_days) * 86_400)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_sound_and_zeros_are_not() {
        assert_eq!(MitigateConfig::default().problems(), [""; 0]);
        let config = MitigateConfig { targets_at_once: 0, ..MitigateConfig::default() };
        assert_eq!(config.problems(), ["`mitigation.targets_at_once` must be at least 1"]);
    }
}
