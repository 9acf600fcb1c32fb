//! `ADD_THINGS_TO_THING_GROUP`: things join groups, for example one whose policy denies everything.

use picket_ports::Remedy;
use serde::Deserialize;

use super::{ActionKind, Effect, members};
use crate::MitigationError;
use crate::audit_checks::{DEVICE_CERTIFICATE, Helps};
use crate::checked::{list, shown};

const MEMBER: &str = "addThingsToThingGroupParams";
const GROUPS_MAX: usize = 10;
const NAME_CHARS_MAX: usize = 128;

pub(super) const KIND: ActionKind = ActionKind {
    action_type: "ADD_THINGS_TO_THING_GROUP",
    member: MEMBER,
    helps: Helps::With(DEVICE_CERTIFICATE),
    read: |params| {
        let Params { thing_group_names: groups, override_dynamic_groups } =
            members(MEMBER, params)?;
        list("thingGroupNames", &groups, GROUPS_MAX)?;
        groups.iter().try_for_each(|name| check_name(name))?;
        let override_dynamic_groups = override_dynamic_groups.unwrap_or(false);
        Ok(Effect::Remedy(Remedy::JoinGroups { groups, override_dynamic_groups }))
    },
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Params {
    thing_group_names: Vec<String>,
    override_dynamic_groups: Option<bool>,
}

/// Whether there is such a group is seen when the action is applied.
fn check_name(name: &str) -> Result<(), MitigationError> {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || ":_-".contains(c);
    if (1..=NAME_CHARS_MAX).contains(&name.len()) && name.chars().all(is_allowed) {
        return Ok(());
    }
    Err(MitigationError::Invalid(format!(
        "`{}` in `thingGroupNames` is not a group's name: it must have 1 to {NAME_CHARS_MAX} \
         characters of [a-zA-Z0-9:_-]+",
        shown(name)
    )))
}
