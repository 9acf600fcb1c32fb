//! Certificates of devices (spec iot-core §2.5).

mod accept_certificate_transfer;
mod cancel_certificate_transfer;
mod create_certificate_from_csr;
mod create_keys_and_certificate;
mod delete_certificate;
mod describe_certificate;
mod list_certificates;
mod list_certificates_by_ca;
mod list_outgoing_certificates;
mod register_certificate;
mod register_certificate_without_ca;
mod reject_certificate_transfer;
pub(super) mod rendering;
mod transfer_certificate;
mod update_certificate;

use crate::operation::Operation;

pub(crate) static OPERATIONS: &[&Operation] = &[
    &create_keys_and_certificate::OPERATION,
    &create_certificate_from_csr::OPERATION,
    &register_certificate::OPERATION,
    &register_certificate_without_ca::OPERATION,
    &describe_certificate::OPERATION,
    &update_certificate::OPERATION,
    &delete_certificate::OPERATION,
    &list_certificates::OPERATION,
    &list_certificates_by_ca::OPERATION,
    &transfer_certificate::OPERATION,
    &accept_certificate_transfer::OPERATION,
    &reject_certificate_transfer::OPERATION,
    &cancel_certificate_transfer::OPERATION,
    &list_outgoing_certificates::OPERATION,
];
