//! Mitigation: actions, and the tasks that apply them to violations and findings
//! (spec device-defender §8).
//!
//! An [action](actions) is a document that says what to do; a [task](tasks) says to whom. What a task is
//! to do is settled when it starts: the actions as they are then, and the targets as they are then, are
//! stored with it. From there on [`tasks::runner`] goes from step to step and stores each one before and
//! after it is done, so that a crash at any point loses nothing: the step that was under way is done
//! again, and every step is harmless when it is repeated.

mod actions;
mod audit_checks;
mod checked;
mod config;
mod documents;
mod engine;
mod error;
mod plan;
mod tasks;

pub use actions::{ACTION_TYPES, ActionChange, ActionParams, MitigationAction, NewAction};
pub use config::MitigateConfig;
pub use engine::{Dependencies, Mitigation, OpenError};
pub use error::MitigationError;
pub use plan::PlannedStep;
pub use tasks::{
    ActionDefinition, AuditRequest, AuditTarget, AuditTaskFilter, CheckTally, DetectRequest,
    DetectTarget, ExecutedStep, ExecutionFilter, ExecutionScope, NewTask, StepStatus, Tally, Task,
    TaskKind, TaskRequest, TaskStatus,
};

#[cfg(test)]
mod tests;
