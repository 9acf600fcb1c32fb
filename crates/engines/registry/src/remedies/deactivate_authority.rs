//! `UPDATE_CA_CERTIFICATE`: authorities become INACTIVE, so that no more of their certificates are taken.

use picket_core::CertificateId;
use picket_ports::{PlannedChange, RemedyError, RemedySubject};

use super::subjects::nothing;
use super::{Mode, Progress, failure};
use crate::{AuthorityChange, AuthorityStatus, ControlError, ControlPlane};

impl ControlPlane {
    pub(super) async fn deactivate_authorities(
        &self,
        subject: &RemedySubject,
        mode: Mode,
    ) -> Result<Vec<PlannedChange>, RemedyError> {
        let mut progress = Progress::default();
        for id in self.authorities_behind(subject).await? {
            progress.note(self.deactivate_authority(&id, mode).await);
        }
        progress.ended()
    }

    async fn deactivate_authority(
        &self,
        id: &CertificateId,
        mode: Mode,
    ) -> Result<PlannedChange, RemedyError> {
        let gone = |error| match error {
            ControlError::NotFound { .. } => {
                nothing(format!("CA certificate {id} is not registered"))
            }
            other => failure(other),
        };
        let status = self.authority(id).await.map_err(gone)?.record.status;
        let change = PlannedChange {
            operation: "UpdateCACertificate".to_owned(),
            resource: format!("CA certificate {id}"),
            before: status.as_str().to_owned(),
            after: AuthorityStatus::Inactive.as_str().to_owned(),
            is_done: status == AuthorityStatus::Inactive,
        };
        if mode == Mode::Apply && !change.is_done {
            let inactive = AuthorityChange {
                status: Some(AuthorityStatus::Inactive),
                ..AuthorityChange::default()
            };
            self.update_ca_certificate(id.as_str(), &inactive).await.map_err(gone)?;
        }
        Ok(change)
    }
}
