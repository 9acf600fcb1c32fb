//! Thing types (spec iot-core §2.2).

mod create_thing_type;
mod delete_thing_type;
mod deprecate_thing_type;
mod describe_thing_type;
mod list_thing_types;
mod properties;
mod update_thing_type;

use crate::operation::Operation;

pub(crate) static OPERATIONS: &[&Operation] = &[
    &create_thing_type::OPERATION,
    &describe_thing_type::OPERATION,
    &update_thing_type::OPERATION,
    &deprecate_thing_type::OPERATION,
    &delete_thing_type::OPERATION,
    &list_thing_types::OPERATION,
];
