//! `UpdateCACertificate`.

use picket_core::CertificateId;
use picket_ports::RegistryError;
use picket_ports::registry::DocumentKind;

use super::{AuthorityRecord, AuthorityStatus, RegistrationConfig};
use crate::certificates::certificate_id;
use crate::{ATTEMPTS_MAX, ControlError, ControlPlane};

/// What is to become of an authority. What is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuthorityChange {
    /// Its state.
    pub status: Option<AuthorityStatus>,
    /// Whether certificates it has signed register themselves.
    pub auto_registration: Option<bool>,
    /// What becomes of those.
    pub registration_config: Option<RegistrationConfig>,
    /// Ends automatic registration and takes its configuration away.
    pub remove_auto_registration: bool,
}

impl AuthorityChange {
    fn check(&self) -> Result<(), ControlError> {
        let removes = self.remove_auto_registration;
        if removes && (self.auto_registration == Some(true) || self.registration_config.is_some()) {
            return Err(ControlError::invalid(
                "`removeAutoRegistration` contradicts a `registrationConfig` and the automatic \
                 registration status ENABLE",
            ));
        }
        self.registration_config.as_ref().map_or(Ok(()), RegistrationConfig::check)
    }

    fn apply(&self, mut record: AuthorityRecord) -> AuthorityRecord {
        if let Some(status) = self.status {
            record.status = status;
        }
        if let Some(auto_registration) = self.auto_registration {
            record.auto_registration = auto_registration;
        }
        if let Some(config) = &self.registration_config {
            record.registration_config = Some(config.clone());
        }
        if self.remove_auto_registration {
            record.auto_registration = false;
            record.registration_config = None;
        }
        record
    }
}

impl ControlPlane {
    /// `UpdateCACertificate`. Certificates that are registered are not concerned.
    pub async fn update_ca_certificate(
        &self,
        id: &str,
        change: &AuthorityChange,
    ) -> Result<(), ControlError> {
        let id = certificate_id("certificateId", id)?;
        change.check()?;
        let held = self.locks.hold(&[&lock_name(&id)]).await;
        for _ in 0..ATTEMPTS_MAX {
            let stored = self.authority(&id).await?;
            let record = change.apply(stored.record.clone());
            if record == stored.record {
                return Ok(());
            }
            let body = record.to_body()?;
            let (kind, now) = (DocumentKind::Authority, self.parts.clock.now());
            let registry = &self.parts.registry;
            let version = Some(stored.version);
            match registry.replace_document(kind, id.as_str(), &body, version, now).await {
                Ok(_) => {
                    drop(held);
                    self.in_force().await;
                    return Ok(());
                }
                Err(RegistryError::VersionConflict { .. }) => {}
                Err(other) => return Err(other.into()),
            }
        }
        Err(ControlError::Unavailable(format!("CA certificate {id} is being changed by others")))
    }
}

pub(super) fn lock_name(id: &CertificateId) -> String {
    format!("authority/{id}")
}
