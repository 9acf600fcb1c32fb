//! `iot-data`: messages and connections over HTTP (spec iot-core §2.10).

use picket_wire_aws::Protocol;

use crate::operation::{Operation, Service};

pub(crate) static SERVICE: Service = Service {
    name: "iot-data",
    protocol: Protocol::RestJson,
    signing_names: &["iotdata", "iotdevicegateway", "iot"],
    target_prefix: None,
    faults: crate::fault::for_iot,
    namespace: None,
    operations: &[OPERATIONS],
    model: include_str!("../models/iot-data.txt"),
};

static OPERATIONS: &[&Operation] = &[];
