//! `CreateBillingGroup`.

use picket_ports::registry::DocumentKind;
use uuid::Uuid;

use super::BillingGroup;
use super::stored::Record;
use crate::checked::{DESCRIPTION, ENTRY_NAME};
use crate::{ControlError, ControlPlane};

impl ControlPlane {
    /// `CreateBillingGroup`. A group of this name with the same description is returned as it is, with
    /// the tags it has.
    pub async fn create_billing_group(
        &self,
        name: &str,
        description: Option<&str>,
        tags: &[(String, String)],
    ) -> Result<BillingGroup, ControlError> {
        ENTRY_NAME.check("billingGroupName", name)?;
        let description = checked_description(description)?;
        self.check_first_tags(tags)?;
        let _held = self.locks.hold(&[&lock_name(name)]).await;
        match self.describe_billing_group(name).await {
            Ok(existing) => return self.same_billing_group(description, existing),
            Err(ControlError::NotFound { .. }) => {}
            Err(other) => return Err(other),
        }
        self.set_first_tags(&self.billing_group_arn(name), tags).await?;
        let (kind, id) = (DocumentKind::BillingGroup, Uuid::new_v4().to_string());
        let record = Record { id, description: description.map(ToOwned::to_owned) };
        self.add_typed(kind, name, &record).await?;
        // This one, or that of another process that was faster.
        self.same_billing_group(description, self.describe_billing_group(name).await?)
    }

    fn same_billing_group(
        &self,
        description: Option<&str>,
        existing: BillingGroup,
    ) -> Result<BillingGroup, ControlError> {
        if existing.description.as_deref() == description {
            return Ok(existing);
        }
        Err(ControlError::AlreadyExists {
            kind: "billing group",
            arn: self.billing_group_arn(&existing.name),
            name: existing.name,
            id: existing.id,
        })
    }
}

pub(super) fn lock_name(name: &str) -> String {
    format!("billing-group/{name}")
}

/// An empty description is none.
pub(super) fn checked_description(text: Option<&str>) -> Result<Option<&str>, ControlError> {
    text.iter().try_for_each(|text| DESCRIPTION.check("billingGroupDescription", text))?;
    Ok(text.filter(|text| !text.is_empty()))
}
