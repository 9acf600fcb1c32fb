//! The endpoint's addresses, role aliases, logging and events (spec iot-core §2.8).

mod create_role_alias;
mod delete_role_alias;
mod delete_v2_logging_level;
mod describe_endpoint;
mod describe_event_configurations;
mod describe_role_alias;
mod get_logging_options;
mod get_v2_logging_options;
mod list_role_aliases;
mod list_v2_logging_levels;
mod set_logging_options;
mod set_v2_logging_level;
mod set_v2_logging_options;
mod update_event_configurations;
mod update_role_alias;

use crate::operation::Operation;

pub(crate) static OPERATIONS: &[&Operation] = &[
    &create_role_alias::OPERATION,
    &delete_role_alias::OPERATION,
    &delete_v2_logging_level::OPERATION,
    &describe_endpoint::OPERATION,
    &describe_event_configurations::OPERATION,
    &describe_role_alias::OPERATION,
    &get_logging_options::OPERATION,
    &get_v2_logging_options::OPERATION,
    &list_role_aliases::OPERATION,
    &list_v2_logging_levels::OPERATION,
    &set_logging_options::OPERATION,
    &set_v2_logging_level::OPERATION,
    &set_v2_logging_options::OPERATION,
    &update_event_configurations::OPERATION,
    &update_role_alias::OPERATION,
];
