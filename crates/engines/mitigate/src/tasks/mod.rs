//! Tasks: actions applied to violations (detect tasks, spec device-defender §8.5) or to findings (audit
//! tasks, §8.4).

mod audit_targets;
mod cancel;
mod detect_targets;
mod executions;
mod read;
mod retention;
mod runner;
mod start;
mod step;
mod storage;
mod target;
mod task;
mod trail;

pub use executions::{ExecutedStep, ExecutionFilter, ExecutionScope};
pub use read::AuditTaskFilter;
pub(crate) use runner::Running;
pub use start::NewTask;
pub(crate) use storage::TaskStore;
pub use target::StepStatus;
pub use task::{
    ActionDefinition, AuditRequest, AuditTarget, CheckTally, DetectRequest, DetectTarget, Tally,
    Task, TaskKind, TaskRequest, TaskStatus,
};
