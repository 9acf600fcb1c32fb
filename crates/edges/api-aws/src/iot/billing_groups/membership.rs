//! A thing and a billing group.

use picket_registry::NameOrArn;
use serde::Deserialize;

/// What `AddThingToBillingGroup` and `RemoveThingFromBillingGroup` get.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Membership {
    billing_group_name: Option<String>,
    billing_group_arn: Option<String>,
    thing_name: Option<String>,
    thing_arn: Option<String>,
}

impl Membership {
    pub(super) fn thing(&self) -> NameOrArn<'_> {
        NameOrArn { name: self.thing_name.as_deref(), arn: self.thing_arn.as_deref() }
    }

    pub(super) fn group(&self) -> NameOrArn<'_> {
        NameOrArn {
            name: self.billing_group_name.as_deref(),
            arn: self.billing_group_arn.as_deref(),
        }
    }
}
