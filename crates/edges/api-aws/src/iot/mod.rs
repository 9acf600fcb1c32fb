//! `iot`: the control plane of AWS IoT Core (spec iot-core §2).

mod attributes;
mod authorities;
mod billing_groups;
mod certificates;
mod custom_metrics;
mod dimensions;
mod first_tags;
mod metric_values;
mod mitigation;
mod policies;
mod principals;
mod security_profiles;
mod settings;
mod tags;
mod thing_groups;
mod thing_types;
mod things;
mod violations;

use picket_wire_aws::Protocol;

use crate::operation::Service;

pub(crate) static SERVICE: Service = Service {
    name: "iot",
    protocol: Protocol::RestJson,
    signing_names: &["iot"],
    target_prefix: None,
    faults: crate::fault::for_iot,
    namespace: None,
    operations: &[
        things::OPERATIONS,
        thing_types::OPERATIONS,
        thing_groups::OPERATIONS,
        billing_groups::OPERATIONS,
        certificates::OPERATIONS,
        authorities::OPERATIONS,
        principals::OPERATIONS,
        policies::OPERATIONS,
        tags::OPERATIONS,
        settings::OPERATIONS,
        security_profiles::OPERATIONS,
        dimensions::OPERATIONS,
        custom_metrics::OPERATIONS,
        violations::OPERATIONS,
        metric_values::OPERATIONS,
        mitigation::actions::OPERATIONS,
        mitigation::audit_tasks::OPERATIONS,
        mitigation::detect_tasks::OPERATIONS,
    ],
    model: include_str!("../models/iot.txt"),
};
