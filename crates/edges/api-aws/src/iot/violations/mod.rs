//! Violations of security profiles (spec device-defender §4.6).

mod filter;
mod list_active_violations;
mod list_violation_events;
mod put_verification_state_on_violation;
mod rendering;

use crate::operation::Operation;

pub(crate) static OPERATIONS: &[&Operation] = &[
    &list_active_violations::OPERATION,
    &list_violation_events::OPERATION,
    &put_verification_state_on_violation::OPERATION,
];
