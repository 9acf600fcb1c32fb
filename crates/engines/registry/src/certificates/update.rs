//! `UpdateCertificate`: which status may follow which.
//!
//! | from | to ACTIVE, INACTIVE or REVOKED |
//! |---|---|
//! | ACTIVE, INACTIVE, PENDING_ACTIVATION | yes |
//! | REVOKED | no, unless `[registry] revoked_is_final` is off |

use picket_core::CertificateId;
use picket_ports::RegistryError;
use picket_ports::registry::{Certificate, CertificateStatus};

use super::{certificate_id, settable_status};
use crate::{ATTEMPTS_MAX, ControlError, ControlPlane};

impl ControlPlane {
    /// `UpdateCertificate`. The status it has already is fine and changes nothing. When this resolves
    /// the front door knows: a certificate that is not ACTIVE any more cannot connect.
    pub async fn update_certificate(&self, id: &str, new_status: &str) -> Result<(), ControlError> {
        let id = certificate_id("certificateId", id)?;
        let status = settable_status("newStatus", new_status)?;
        self.set_certificate_status(&id, status).await.map(|_| ())
    }

    /// Gives a certificate `status` by the rules, and returns it as it then is.
    pub(crate) async fn set_certificate_status(
        &self,
        id: &CertificateId,
        status: CertificateStatus,
    ) -> Result<Certificate, ControlError> {
        let held = self.locks.hold(&[&format!("certificate/{id}")]).await;
        for _ in 0..ATTEMPTS_MAX {
            let stored = self.certificate(id).await?;
            if stored.status == status {
                return Ok(stored);
            }
            if stored.status == CertificateStatus::Revoked && self.parts.limits.revoked_is_final {
                return Err(ControlError::CertificateState(format!(
                    "certificate {id} is REVOKED and cannot become {}",
                    status.as_str()
                )));
            }
            let modified = self.parts.clock.now().max(stored.modified);
            let changed = Certificate { status, modified, version: stored.version + 1, ..stored };
            match self.parts.registry.replace_certificate(&changed).await {
                Ok(()) => {
                    drop(held);
                    self.in_force().await;
                    return Ok(changed);
                }
                Err(RegistryError::VersionConflict { .. }) => {}
                Err(other) => return Err(other.into()),
            }
        }
        Err(ControlError::Unavailable(format!("certificate {id} is being changed by others")))
    }
}
