//! `UPDATE_DEVICE_CERTIFICATE`: certificates become INACTIVE.

use picket_ports::Remedy;
use serde::Deserialize;

use super::{ActionKind, Effect, members};
use crate::audit_checks::{DEVICE_CERTIFICATE, Helps};
use crate::checked::one_of;

const MEMBER: &str = "updateDeviceCertificateParams";

pub(super) const KIND: ActionKind = ActionKind {
    action_type: "UPDATE_DEVICE_CERTIFICATE",
    member: MEMBER,
    helps: Helps::With(DEVICE_CERTIFICATE),
    read: |params| {
        let Params { action } = members(MEMBER, params)?;
        one_of("action", &action, &["DEACTIVATE"])?;
        Ok(Effect::Remedy(Remedy::DeactivateCertificate))
    },
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Params {
    action: String,
}
