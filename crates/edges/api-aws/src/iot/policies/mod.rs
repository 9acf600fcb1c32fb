//! Policies, their versions and what they are attached to (spec iot-core §2.7).

mod arguments;
mod attach_policy;
mod attach_principal_policy;
mod create_policy;
mod create_policy_version;
mod delete_policy;
mod delete_policy_version;
mod detach_policy;
mod detach_principal_policy;
mod get_effective_policies;
mod get_policy;
mod get_policy_version;
mod list_attached_policies;
mod list_policies;
mod list_policy_principals;
mod list_policy_versions;
mod list_principal_policies;
mod list_targets_for_policy;
mod rendering;
mod set_default_policy_version;
mod test_authorization;

use crate::operation::Operation;

pub(crate) static OPERATIONS: &[&Operation] = &[
    &create_policy::OPERATION,
    &get_policy::OPERATION,
    &delete_policy::OPERATION,
    &list_policies::OPERATION,
    &create_policy_version::OPERATION,
    &get_policy_version::OPERATION,
    &delete_policy_version::OPERATION,
    &list_policy_versions::OPERATION,
    &set_default_policy_version::OPERATION,
    &attach_policy::OPERATION,
    &detach_policy::OPERATION,
    &list_attached_policies::OPERATION,
    &list_targets_for_policy::OPERATION,
    &get_effective_policies::OPERATION,
    &test_authorization::OPERATION,
    &attach_principal_policy::OPERATION,
    &detach_principal_policy::OPERATION,
    &list_principal_policies::OPERATION,
    &list_policy_principals::OPERATION,
];
