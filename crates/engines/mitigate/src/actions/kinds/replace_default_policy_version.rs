//! `REPLACE_DEFAULT_POLICY_VERSION`: a version that allows nothing becomes a policy's default.

use picket_ports::Remedy;
use serde::Deserialize;

use super::{ActionKind, Effect, members};
use crate::audit_checks::{Helps, IOT_POLICY};
use crate::checked::one_of;

const MEMBER: &str = "replaceDefaultPolicyVersionParams";

pub(super) const KIND: ActionKind = ActionKind {
    action_type: "REPLACE_DEFAULT_POLICY_VERSION",
    member: MEMBER,
    helps: Helps::With(IOT_POLICY),
    read: |params| {
        let Params { template_name } = members(MEMBER, params)?;
        one_of("templateName", &template_name, &["BLANK_POLICY"])?;
        Ok(Effect::Remedy(Remedy::BlankPolicy))
    },
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Params {
    template_name: String,
}
