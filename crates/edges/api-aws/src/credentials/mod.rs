//! The credential provider: a device takes over the role behind a role alias (spec iot-core §2.9). It is no
//! service of an SDK; devices ask for it over HTTPS with their certificate.

mod assume_role_with_certificate;

use picket_wire_aws::Protocol;

use crate::operation::{Operation, Service};

pub(crate) static SERVICE: Service = Service {
    name: "credentials",
    protocol: Protocol::RestJson,
    // Nobody signs: the certificate of the connection is who asks.
    signing_names: &[],
    target_prefix: None,
    faults: crate::fault::for_iot,
    namespace: None,
    operations: &[OPERATIONS],
    model: "AssumeRoleWithCertificate GET /role-aliases/{roleAlias}/credentials",
};

static OPERATIONS: &[&Operation] = &[&assume_role_with_certificate::OPERATION];
