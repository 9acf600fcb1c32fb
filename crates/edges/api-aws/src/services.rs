//! The services of the endpoint.

use crate::operation::Service;

/// Every service, in the order in which an unsigned path is looked up.
pub(crate) static SERVICES: &[&Service] = &[
    &crate::iot::SERVICE,
    &crate::iot_data::SERVICE,
    &crate::credentials::SERVICE,
    &crate::sts::SERVICE,
    &crate::iam::SERVICE,
    &crate::sns::SERVICE,
    &crate::cognito_identity::SERVICE,
];
