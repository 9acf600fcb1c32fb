//! `iot-data`: messages and connections over HTTP (spec iot-core §2.10).

mod client_id;
mod data_plane;
mod delete_connection;
mod get_connection;
mod get_retained_message;
mod https;
mod list_retained_messages;
mod list_subscriptions;
mod publish;
mod publish_request;
mod send_direct_message;
mod user_properties;

use picket_wire_aws::Protocol;

use crate::operation::{Operation, Service};

pub use data_plane::{DataPlane, DataPlaneParts};
pub use https::https_router;

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

static OPERATIONS: &[&Operation] = &[
    &publish::OPERATION,
    &get_retained_message::OPERATION,
    &list_retained_messages::OPERATION,
    &get_connection::OPERATION,
    &list_subscriptions::OPERATION,
    &delete_connection::OPERATION,
    &send_direct_message::OPERATION,
];
