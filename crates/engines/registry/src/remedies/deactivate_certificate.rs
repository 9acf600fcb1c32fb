//! `UPDATE_DEVICE_CERTIFICATE`: certificates become INACTIVE.

use picket_core::CertificateId;
use picket_ports::registry::{Certificate, CertificateStatus};
use picket_ports::{PlannedChange, RegistryError, RemedyError, RemedySubject};

use super::subjects::nothing;
use super::{Mode, Progress, storage};
use crate::{ATTEMPTS_MAX, ControlPlane};

impl ControlPlane {
    pub(super) async fn deactivate_certificates(
        &self,
        subject: &RemedySubject,
        mode: Mode,
    ) -> Result<Vec<PlannedChange>, RemedyError> {
        let certificates = self.certificates_behind(subject).await?;
        if mode == Mode::Plan {
            return Ok(certificates.iter().map(change_of).collect());
        }
        let mut progress = Progress::default();
        for certificate in certificates {
            progress.note(self.deactivate(&certificate.id).await);
        }
        self.in_force().await;
        progress.ended()
    }

    /// Not by `UpdateCertificate`: that could make a REVOKED certificate INACTIVE where
    /// `revoked_is_final` is off, and so give it a way back that it did not have.
    async fn deactivate(&self, id: &CertificateId) -> Result<PlannedChange, RemedyError> {
        let _held = self.locks.hold(&[&format!("certificate/{id}")]).await;
        for _ in 0..ATTEMPTS_MAX {
            let stored = match self.parts.registry.certificate(id).await {
                Ok(stored) => stored,
                Err(RegistryError::NotFound { .. }) => {
                    return Err(nothing(format!("certificate {id} is not registered")));
                }
                Err(other) => return Err(storage(other)),
            };
            let change = change_of(&stored);
            if change.is_done {
                return Ok(change);
            }
            let changed = Certificate {
                status: CertificateStatus::Inactive,
                modified: self.parts.clock.now().max(stored.modified),
                version: stored.version + 1,
                ..stored
            };
            match self.parts.registry.replace_certificate(&changed).await {
                Ok(()) => return Ok(change),
                Err(RegistryError::VersionConflict { .. }) => {}
                Err(other) => return Err(storage(other)),
            }
        }
        Err(RemedyError::Unavailable(format!("certificate {id} is being changed by others")))
    }
}

/// A REVOKED certificate lets nobody in and stays what it is.
fn change_of(certificate: &Certificate) -> PlannedChange {
    let status = certificate.status;
    let after = match status {
        CertificateStatus::Revoked => status,
        _ => CertificateStatus::Inactive,
    };
    PlannedChange {
        operation: "UpdateCertificate".to_owned(),
        resource: format!("certificate {}", certificate.id),
        before: status.as_str().to_owned(),
        after: after.as_str().to_owned(),
        is_done: after == status,
    }
}
