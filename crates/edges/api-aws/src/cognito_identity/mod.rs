//! `cognito-identity`: the identity pools that audits read (spec iot-core §6).

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

static OPERATIONS: &[&Operation] = &[];
