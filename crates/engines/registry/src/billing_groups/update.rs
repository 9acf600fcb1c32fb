//! `UpdateBillingGroup`.

use super::BillingGroup;
use super::create::{checked_description, lock_name};
use crate::checked::ENTRY_NAME;
use crate::things::check_version;
use crate::typed_documents::Typed;
use crate::{ControlError, ControlPlane};

impl ControlPlane {
    /// `UpdateBillingGroup`. Without a `description` it stays.
    pub async fn update_billing_group(
        &self,
        name: &str,
        description: Option<&str>,
        expected_version: Option<u64>,
    ) -> Result<BillingGroup, ControlError> {
        ENTRY_NAME.check("billingGroupName", name)?;
        let wanted = checked_description(description)?;
        let _held = self.locks.hold(&[&lock_name(name)]).await;
        let Typed { value: mut record, document } = self.stored_billing_group(name).await?;
        check_version("billing group", name, expected_version, document.version)?;
        if description.is_some() {
            record.description = wanted.map(ToOwned::to_owned);
        }
        self.replace_typed(&document, &record).await?;
        self.describe_billing_group(name).await
    }
}
