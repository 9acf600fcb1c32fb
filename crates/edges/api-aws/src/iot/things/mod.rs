//! Things (spec iot-core §2.1).

mod create_thing;
mod delete_thing;
mod describe_thing;
mod list_things;
mod update_thing;

use crate::operation::Operation;

pub(crate) static OPERATIONS: &[&Operation] = &[
    &create_thing::OPERATION,
    &describe_thing::OPERATION,
    &update_thing::OPERATION,
    &delete_thing::OPERATION,
    &list_things::OPERATION,
];
