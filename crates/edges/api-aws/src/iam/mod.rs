//! `iam`: the role data that audits read, and the access keys of users (spec iot-core §6).

use picket_wire_aws::Protocol;

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

static OPERATIONS: &[&Operation] = &[];
