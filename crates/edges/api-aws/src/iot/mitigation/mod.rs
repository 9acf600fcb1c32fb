//! Mitigation: actions and both kinds of tasks (spec device-defender §8).

mod definitions;

pub(super) mod actions;
pub(super) mod audit_tasks;
pub(super) mod detect_tasks;
