//! Static thing groups (spec iot-core §2.3).

mod add_thing_to_thing_group;
mod create_thing_group;
mod delete_thing_group;
mod describe_thing_group;
mod list_thing_groups;
mod list_thing_groups_for_thing;
mod list_things_in_thing_group;
mod membership;
mod properties;
mod remove_thing_from_thing_group;
mod update_thing_group;
mod update_thing_groups_for_thing;

use crate::operation::Operation;

pub(crate) static OPERATIONS: &[&Operation] = &[
    &create_thing_group::OPERATION,
    &describe_thing_group::OPERATION,
    &update_thing_group::OPERATION,
    &delete_thing_group::OPERATION,
    &list_thing_groups::OPERATION,
    &add_thing_to_thing_group::OPERATION,
    &remove_thing_from_thing_group::OPERATION,
    &update_thing_groups_for_thing::OPERATION,
    &list_things_in_thing_group::OPERATION,
    &list_thing_groups_for_thing::OPERATION,
];
