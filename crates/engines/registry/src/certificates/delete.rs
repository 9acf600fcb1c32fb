//! `DeleteCertificate`.

use picket_ports::RegistryError;
use picket_ports::registry::CertificateStatus;

use super::certificate_id;
use crate::{ControlError, ControlPlane};

impl ControlPlane {
    /// `DeleteCertificate`: one that is not ACTIVE and that no thing is attached to. Policies must be
    /// detached before, or `is_forced` detaches them.
    pub async fn delete_certificate(&self, id: &str, is_forced: bool) -> Result<(), ControlError> {
        let id = certificate_id("certificateId", id)?;
        // Nobody sets it ACTIVE between the check and the deletion.
        let held = self.locks.hold(&[&format!("certificate/{id}")]).await;
        let stored = self.certificate(&id).await?;
        if stored.status == CertificateStatus::Active {
            return Err(ControlError::CertificateState(
                "Certificate must be deactivated (not ACTIVE) before deletion.".to_owned(),
            ));
        }
        let arn = self.certificate_arn(&id);
        match self.parts.registry.delete_certificate(&id, is_forced).await {
            Ok(()) => {}
            Err(RegistryError::InUse { by: "a policy", .. }) => {
                return Err(ControlError::DeleteConflict(format!(
                    "Certificate policies must be detached before deletion (arn: {arn})"
                )));
            }
            Err(RegistryError::InUse { .. }) => {
                return Err(ControlError::DeleteConflict(format!(
                    "Things must be detached before deletion (arn: {arn})"
                )));
            }
            Err(other) => return Err(other.into()),
        }
        drop(held);
        self.in_force().await;
        Ok(())
    }
}
