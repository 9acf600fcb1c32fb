//! Counters per rule (spec iot-core §5.9).

use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

use crate::actions;

/// The counters of one rule; they outlive changes of its document.
#[derive(Debug)]
pub(crate) struct RuleCounters {
    pub(crate) topic_match: Counter,
    pub(crate) parse_error: Counter,
    pub(crate) executed: Counter,
    /// Messages for which at least one action failed.
    pub(crate) failed: Counter,
    pub(crate) error_action_success: Counter,
    pub(crate) error_action_failure: Counter,
    /// In the order of [`actions::ALL`]: success and failure.
    actions: Vec<(Counter, Counter)>,
}

#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn count(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts one, and says whether it is worth a line in the log: the 1st, 2nd, 4th, 8th … are, so
    /// that a sender cannot fill the log.
    pub(crate) fn count_and_is_noteworthy(&self) -> bool {
        (self.0.fetch_add(1, Ordering::Relaxed) + 1).is_power_of_two()
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Default for RuleCounters {
    fn default() -> Self {
        Self {
            topic_match: Counter::default(),
            parse_error: Counter::default(),
            executed: Counter::default(),
            failed: Counter::default(),
            error_action_success: Counter::default(),
            error_action_failure: Counter::default(),
            actions: actions::ALL.iter().map(|_| Default::default()).collect(),
        }
    }
}

impl RuleCounters {
    /// Counts the end of an action of type `kind`.
    pub(crate) fn action_ended(&self, kind: &str, succeeded: bool) {
        let index = actions::ALL.iter().position(|known| known.name == kind);
        if let Some((success, failure)) = index.and_then(|index| self.actions.get(index)) {
            if succeeded { success.count() } else { failure.count() }
        }
    }

    pub(crate) fn snapshot(&self, rule: &str) -> RuleMetrics {
        let action = |(kind, (success, failure)): (&actions::ActionKind, &(Counter, Counter))| {
            ActionMetrics { action: kind.name, success: success.get(), failure: failure.get() }
        };
        RuleMetrics {
            rule: rule.to_owned(),
            topic_match: self.topic_match.get(),
            parse_error: self.parse_error.get(),
            rules_executed: self.executed.get(),
            rules_failed: self.failed.get(),
            error_action_success: self.error_action_success.get(),
            error_action_failure: self.error_action_failure.get(),
            actions: actions::ALL.iter().zip(&self.actions).map(action).collect(),
        }
    }
}

/// All counters at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RulesMetrics {
    /// Basic Ingest messages to a rule that does not exist, is disabled or is broken.
    pub rule_not_found: u64,
    /// Rules that are stored and cannot run because of their document.
    pub broken_rules: u64,
    /// Per rule, in name order.
    pub rules: Vec<RuleMetrics>,
}

/// The counters of one rule at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleMetrics {
    /// The rule.
    pub rule: String,
    /// Messages whose topic matched.
    pub topic_match: u64,
    /// Messages whose payload could not be read as JSON although the statement needs it.
    pub parse_error: u64,
    /// Messages the statement was applied to.
    pub rules_executed: u64,
    /// Messages for which at least one action failed.
    pub rules_failed: u64,
    /// Error actions that succeeded.
    pub error_action_success: u64,
    /// Error actions that failed.
    pub error_action_failure: u64,
    /// Per type of action.
    pub actions: Vec<ActionMetrics>,
}

/// The counters of one rule's actions of one type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ActionMetrics {
    /// The type's name, for example `firehose`.
    pub action: &'static str,
    /// Actions that succeeded.
    pub success: u64,
    /// Actions that failed after all tries.
    pub failure: u64,
}
