//! Billing groups (spec iot-core §2.3).

mod add_thing_to_billing_group;
mod create_billing_group;
mod delete_billing_group;
mod describe_billing_group;
mod list_billing_groups;
mod list_things_in_billing_group;
mod membership;
mod properties;
mod remove_thing_from_billing_group;
mod update_billing_group;

use crate::operation::Operation;

pub(crate) static OPERATIONS: &[&Operation] = &[
    &create_billing_group::OPERATION,
    &describe_billing_group::OPERATION,
    &update_billing_group::OPERATION,
    &delete_billing_group::OPERATION,
    &list_billing_groups::OPERATION,
    &add_thing_to_billing_group::OPERATION,
    &remove_thing_from_billing_group::OPERATION,
    &list_things_in_billing_group::OPERATION,
];
