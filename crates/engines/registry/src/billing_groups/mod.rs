//! Operations on billing groups (spec iot-core §2.3).

mod create;
mod delete;
mod members;
mod stored;
mod update;

#[cfg(test)]
mod tests;

use picket_core::Timestamp;
use picket_ports::RegistryError;
use picket_ports::registry::{DocumentKind, Page, Rows};

use crate::checked::ENTRY_NAME;
use crate::paging::page_of;
use crate::{ControlError, ControlPlane};

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
        match self.parts.registry.document(DocumentKind::BillingGroup, name).await {
            Ok(document) => stored::read(&document),
            Err(RegistryError::NotFound { .. }) => {
                Err(ControlError::not_found("billing group", name))
            }
            Err(other) => Err(other.into()),
        }
    }

    /// `ListBillingGroups`, in name order; with `name_prefix` only those whose names begin so.
    pub async fn list_billing_groups(
        &self,
        name_prefix: Option<&str>,
        page: &Page,
    ) -> Result<Rows<BillingGroup>, ControlError> {
        name_prefix.iter().try_for_each(|name| ENTRY_NAME.check("namePrefixFilter", name))?;
        let mut documents = self.parts.registry.documents(DocumentKind::BillingGroup).await?;
        documents.retain(|document| name_prefix.is_none_or(|it| document.name.starts_with(it)));
        let Rows { rows, next } = page_of(documents, page, |document| &document.name);
        let rows = rows.iter().map(stored::read).collect::<Result<_, _>>()?;
        Ok(Rows { rows, next })
    }

    /// The ARN of billing group `name`.
    pub fn billing_group_arn(&self, name: &str) -> String {
        self.parts.account.iot_arn(&format!("billinggroup/{name}"))
    }
}
