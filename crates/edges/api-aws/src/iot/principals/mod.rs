//! What things are attached to (spec iot-core §2.4).

mod arguments;
mod attach_thing_principal;
mod detach_thing_principal;
mod list_principal_things;
mod list_principal_things_v2;
mod list_thing_principals;
mod list_thing_principals_v2;

use crate::operation::Operation;

pub(crate) static OPERATIONS: &[&Operation] = &[
    &attach_thing_principal::OPERATION,
    &detach_thing_principal::OPERATION,
    &list_thing_principals::OPERATION,
    &list_thing_principals_v2::OPERATION,
    &list_principal_things::OPERATION,
    &list_principal_things_v2::OPERATION,
];
