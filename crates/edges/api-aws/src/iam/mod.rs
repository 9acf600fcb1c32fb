//! `iam`: the role data that audits read, and the access keys of users (spec iot-core §6).

mod attach_role_policy;
mod create_access_key;
mod create_policy;
mod create_role;
mod delete_access_key;
mod delete_policy;
mod delete_role;
mod delete_role_policy;
mod detach_role_policy;
mod generate_service_last_accessed_details;
mod get_policy;
mod get_policy_version;
mod get_role;
mod get_role_policy;
mod get_service_last_accessed_details;
mod get_user;
mod inputs;
mod list_access_keys;
mod list_attached_role_policies;
mod list_policies;
mod list_policy_versions;
mod list_role_policies;
mod list_role_tags;
mod list_roles;
mod list_users;
mod paging;
mod put_role_policy;
mod rendering;
mod tag_role;
mod untag_role;
mod update_access_key;
mod update_assume_role_policy;
mod update_role;
mod users;

use picket_wire_aws::Protocol;

pub(crate) use users::user_id;

use crate::operation::{Operation, Service};

pub(crate) static SERVICE: Service = Service {
    name: "iam",
    protocol: Protocol::Query,
    signing_names: &["iam"],
    target_prefix: None,
    faults: crate::fault::for_iam,
    namespace: Some("https://iam.amazonaws.com/doc/2010-05-08/"),
    operations: &[OPERATIONS],
    model: include_str!("../models/iam.txt"),
};

static OPERATIONS: &[&Operation] = &[
    &attach_role_policy::OPERATION,
    &create_access_key::OPERATION,
    &create_policy::OPERATION,
    &create_role::OPERATION,
    &delete_access_key::OPERATION,
    &delete_policy::OPERATION,
    &delete_role::OPERATION,
    &delete_role_policy::OPERATION,
    &detach_role_policy::OPERATION,
    &generate_service_last_accessed_details::OPERATION,
    &get_policy::OPERATION,
    &get_policy_version::OPERATION,
    &get_role::OPERATION,
    &get_role_policy::OPERATION,
    &get_service_last_accessed_details::OPERATION,
    &get_user::OPERATION,
    &list_access_keys::OPERATION,
    &list_attached_role_policies::OPERATION,
    &list_policies::OPERATION,
    &list_policy_versions::OPERATION,
    &list_role_policies::OPERATION,
    &list_role_tags::OPERATION,
    &list_roles::OPERATION,
    &list_users::OPERATION,
    &put_role_policy::OPERATION,
    &tag_role::OPERATION,
    &untag_role::OPERATION,
    &update_access_key::OPERATION,
    &update_assume_role_policy::OPERATION,
    &update_role::OPERATION,
];
