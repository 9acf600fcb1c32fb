//! Certificate authorities and the registration code (spec iot-core §2.6).

mod config;
mod delete_ca_certificate;
mod delete_registration_code;
mod describe_ca_certificate;
mod get_registration_code;
mod list_ca_certificates;
mod register_ca_certificate;
mod update_ca_certificate;

use crate::operation::Operation;

pub(crate) static OPERATIONS: &[&Operation] = &[
    &get_registration_code::OPERATION,
    &delete_registration_code::OPERATION,
    &register_ca_certificate::OPERATION,
    &describe_ca_certificate::OPERATION,
    &update_ca_certificate::OPERATION,
    &delete_ca_certificate::OPERATION,
    &list_ca_certificates::OPERATION,
];
