//! Mitigation of violations (spec device-defender §8.5).

mod cancel_detect_mitigation_actions_task;
mod describe_detect_mitigation_actions_task;
mod list_detect_mitigation_actions_executions;
mod list_detect_mitigation_actions_tasks;
mod rendering;
mod start_detect_mitigation_actions_task;

use crate::operation::Operation;

pub(crate) static OPERATIONS: &[&Operation] = &[
    &cancel_detect_mitigation_actions_task::OPERATION,
    &describe_detect_mitigation_actions_task::OPERATION,
    &list_detect_mitigation_actions_executions::OPERATION,
    &list_detect_mitigation_actions_tasks::OPERATION,
    &start_detect_mitigation_actions_task::OPERATION,
];
