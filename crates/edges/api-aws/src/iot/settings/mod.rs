//! The endpoint's addresses, role aliases, logging and events (spec iot-core §2.8).

mod describe_endpoint;
mod list_role_aliases;

use crate::operation::Operation;

pub(crate) static OPERATIONS: &[&Operation] =
    &[&describe_endpoint::OPERATION, &list_role_aliases::OPERATION];
