//! Mitigation of findings (spec device-defender §8.4).

mod cancel_audit_mitigation_actions_task;
mod describe_audit_mitigation_actions_task;
mod list_audit_mitigation_actions_executions;
mod list_audit_mitigation_actions_tasks;
mod rendering;
mod start_audit_mitigation_actions_task;

use crate::operation::Operation;

pub(crate) static OPERATIONS: &[&Operation] = &[
    &cancel_audit_mitigation_actions_task::OPERATION,
    &describe_audit_mitigation_actions_task::OPERATION,
    &list_audit_mitigation_actions_executions::OPERATION,
    &list_audit_mitigation_actions_tasks::OPERATION,
    &start_audit_mitigation_actions_task::OPERATION,
];
