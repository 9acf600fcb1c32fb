//! `cognito-identity`: the identity pools that audits read (spec iot-core §6).

mod create_identity_pool;
mod delete_identity_pool;
mod describe_identity_pool;
mod get_identity_pool_roles;
mod list_identity_pools;
mod rendering;
mod set_identity_pool_roles;

use picket_wire_aws::Protocol;

use crate::operation::{Operation, Service};

pub(crate) static SERVICE: Service = Service {
    name: "cognito-identity",
    protocol: Protocol::Json11,
    signing_names: &["cognito-identity"],
    target_prefix: Some("AWSCognitoIdentityService"),
    faults: crate::fault::for_json11,
    namespace: None,
    operations: &[OPERATIONS],
    model: include_str!("../models/cognito-identity.txt"),
};

static OPERATIONS: &[&Operation] = &[
    &create_identity_pool::OPERATION,
    &delete_identity_pool::OPERATION,
    &describe_identity_pool::OPERATION,
    &get_identity_pool_roles::OPERATION,
    &list_identity_pools::OPERATION,
    &set_identity_pool_roles::OPERATION,
];
