//! Mitigation actions (spec device-defender §8.3).

mod create_mitigation_action;
mod delete_mitigation_action;
mod describe_mitigation_action;
mod list_mitigation_actions;
mod rendering;
mod update_mitigation_action;

use crate::operation::Operation;

pub(crate) static OPERATIONS: &[&Operation] = &[
    &create_mitigation_action::OPERATION,
    &delete_mitigation_action::OPERATION,
    &describe_mitigation_action::OPERATION,
    &list_mitigation_actions::OPERATION,
    &update_mitigation_action::OPERATION,
];
