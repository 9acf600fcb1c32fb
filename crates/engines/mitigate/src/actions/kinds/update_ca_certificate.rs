//! `UPDATE_CA_CERTIFICATE`: authorities become INACTIVE.

use picket_ports::Remedy;
use serde::Deserialize;

use super::{ActionKind, Effect, members};
use crate::audit_checks::{CA_CERTIFICATE, Helps};
use crate::checked::one_of;

/// With a capital CA, unlike the others.
const MEMBER: &str = "updateCACertificateParams";

pub(super) const KIND: ActionKind = ActionKind {
    action_type: "UPDATE_CA_CERTIFICATE",
    member: MEMBER,
    helps: Helps::With(CA_CERTIFICATE),
    read: |params| {
        let Params { action } = members(MEMBER, params)?;
        one_of("action", &action, &["DEACTIVATE"])?;
        Ok(Effect::Remedy(Remedy::DeactivateAuthority))
    },
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Params {
    action: String,
}
