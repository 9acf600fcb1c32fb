//! `sts`: who am I, and may I be a role.

mod assume_role;
mod get_caller_identity;

use picket_wire_aws::Protocol;

use crate::operation::{Operation, Service};

pub(crate) static SERVICE: Service = Service {
    name: "sts",
    protocol: Protocol::Query,
    signing_names: &["sts"],
    target_prefix: None,
    faults: crate::fault::for_iam,
    namespace: Some("https://sts.amazonaws.com/doc/2011-06-15/"),
    operations: &[OPERATIONS],
    model: include_str!("../models/sts.txt"),
};

static OPERATIONS: &[&Operation] = &[&assume_role::OPERATION, &get_caller_identity::OPERATION];
