//! A thing and a thing group.

use picket_registry::NameOrArn;
use serde::Deserialize;

/// What `AddThingToThingGroup` and `RemoveThingFromThingGroup` get. `overrideDynamicGroups` says what
/// becomes of memberships in dynamic groups, of which there are none.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Membership {
    thing_group_name: Option<String>,
    thing_group_arn: Option<String>,
    thing_name: Option<String>,
    thing_arn: Option<String>,
    #[serde(rename = "overrideDynamicGroups")]
    _override_dynamic_groups: Option<bool>,
}

impl Membership {
    pub(super) fn thing(&self) -> NameOrArn<'_> {
        NameOrArn { name: self.thing_name.as_deref(), arn: self.thing_arn.as_deref() }
    }

    pub(super) fn group(&self) -> NameOrArn<'_> {
        NameOrArn { name: self.thing_group_name.as_deref(), arn: self.thing_group_arn.as_deref() }
    }
}
