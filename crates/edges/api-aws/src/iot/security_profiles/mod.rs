//! Security profiles (spec device-defender §3).

mod attach_security_profile;
mod create_security_profile;
mod delete_security_profile;
mod describe_security_profile;
mod detach_security_profile;
mod list_security_profiles;
mod list_security_profiles_for_target;
mod list_targets_for_security_profile;
mod rendering;
mod update_security_profile;
mod validate_security_profile_behaviors;

use crate::operation::Operation;

pub(crate) static OPERATIONS: &[&Operation] = &[
    &attach_security_profile::OPERATION,
    &create_security_profile::OPERATION,
    &delete_security_profile::OPERATION,
    &describe_security_profile::OPERATION,
    &detach_security_profile::OPERATION,
    &list_security_profiles::OPERATION,
    &list_security_profiles_for_target::OPERATION,
    &list_targets_for_security_profile::OPERATION,
    &update_security_profile::OPERATION,
    &validate_security_profile_behaviors::OPERATION,
];
