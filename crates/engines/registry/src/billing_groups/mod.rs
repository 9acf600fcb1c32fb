//! Operations on billing groups (spec iot-core §2.3).

mod create;
mod delete;
mod members;
mod stored;
mod update;

#[cfg(test)]
mod tests;

use picket_core::Timestamp;
use picket_ports::registry::{DocumentKind, Page, Rows};

use crate::checked::ENTRY_NAME;
use crate::paging::page_of;
use crate::typed_documents::Typed;
use crate::{ControlError, ControlPlane};

use stored::{Record, billing_group_of};

/// A billing group: things whose cost is counted together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillingGroup {
    /// Its name.
    pub name: String,
    /// UUID text.
    pub id: String,
    /// What it is for.
    pub description: Option<String>,
    /// 1 at creation, one more with each change.
    pub version: u64,
    /// When it was created.
    pub created: Timestamp,
}

impl ControlPlane {
    /// `DescribeBillingGroup`.
    pub async fn describe_billing_group(&self, name: &str) -> Result<BillingGroup, ControlError> {
        ENTRY_NAME.check("billingGroupName", name)?;
        Ok(billing_group_of(self.stored_billing_group(name).await?))
    }

    /// `ListBillingGroups`, in name order; with `name_prefix` only those whose names begin so.
    pub async fn list_billing_groups(
        &self,
        name_prefix: Option<&str>,
        page: &Page,
    ) -> Result<Rows<BillingGroup>, ControlError> {
        name_prefix.iter().try_for_each(|name| ENTRY_NAME.check("namePrefixFilter", name))?;
        let all = self.all_typed(DocumentKind::BillingGroup).await?;
        let mut groups: Vec<BillingGroup> = all.into_iter().map(billing_group_of).collect();
        groups.retain(|group| name_prefix.is_none_or(|it| group.name.starts_with(it)));
        Ok(page_of(groups, page, |group| &group.name))
    }

    /// The ARN of billing group `name`.
    pub fn billing_group_arn(&self, name: &str) -> String {
        self.parts.account.iot_arn(&format!("billinggroup/{name}"))
    }

    async fn stored_billing_group(&self, name: &str) -> Result<Typed<Record>, ControlError> {
        let found = self.typed(DocumentKind::BillingGroup, name).await?;
        found.ok_or_else(|| ControlError::not_found("billing group", name))
    }
}
