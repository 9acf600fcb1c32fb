//! `DeleteCACertificate`.

use picket_ports::registry::DocumentKind;

use super::AuthorityStatus;
use super::update::lock_name;
use crate::certificates::certificate_id;
use crate::{ControlError, ControlPlane};

impl ControlPlane {
    /// `DeleteCACertificate`: one that is INACTIVE. Certificates it has signed stay registered.
    pub async fn delete_ca_certificate(&self, id: &str) -> Result<(), ControlError> {
        let id = certificate_id("certificateId", id)?;
        // Nobody sets it ACTIVE between the check and the deletion.
        let held = self.locks.hold(&[&lock_name(&id)]).await;
        if self.authority(&id).await?.record.status == AuthorityStatus::Active {
            return Err(ControlError::CertificateState(
                "CA certificate must be deactivated (not ACTIVE) before deletion.".to_owned(),
            ));
        }
        let registry = &self.parts.registry;
        registry.delete_document(DocumentKind::Authority, id.as_str()).await?;
        registry.untag_all(&self.authority_arn(&id)).await?;
        drop(held);
        self.in_force().await;
        Ok(())
    }
}
