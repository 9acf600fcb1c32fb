//! `UpdateBillingGroup`.

use picket_ports::RegistryError;
use picket_ports::registry::DocumentKind;

use super::create::{checked_description, lock_name};
use super::{BillingGroup, stored};
use crate::things::check_version;
use crate::{ControlError, ControlPlane};

impl ControlPlane {
    /// `UpdateBillingGroup`. Without a `description` it stays.
    pub async fn update_billing_group(
        &self,
        name: &str,
        description: Option<&str>,
        expected_version: Option<u64>,
    ) -> Result<BillingGroup, ControlError> {
        let wanted = checked_description(description)?;
        let _held = self.locks.hold(&[&lock_name(name)]).await;
        let before = self.describe_billing_group(name).await?;
        check_version("billing group", name, expected_version, before.version)?;
        let after = if description.is_some() { wanted } else { before.description.as_deref() };
        let body = stored::write(&before.id, after)?;
        let (kind, now) = (DocumentKind::BillingGroup, self.parts.clock.now());
        let expected = Some(before.version);
        let replaced = self.parts.registry.replace_document(kind, name, &body, expected, now).await;
        let document = replaced.map_err(|error| match error {
            RegistryError::NotFound { .. } => ControlError::not_found("billing group", name),
            other => other.into(),
        })?;
        stored::read(&document)
    }
}
