//! Registered certificate authorities: whose certificates are taken, and whose register themselves
//! (spec iot-core §2.6).

mod delete;
mod read;
mod record;
mod register;
mod registration_code;
mod registration_config;
mod update;
mod welcomed;

use picket_core::CertificateId;
use picket_ports::RegistryError;
use picket_ports::registry::DocumentKind;

use crate::{ControlError, ControlPlane};

pub use record::{AuthorityRecord, AuthorityRecordError, AuthorityStatus, RegisteredAuthority};
pub use register::NewAuthority;
pub use registration_config::RegistrationConfig;
pub use update::AuthorityChange;
pub use welcomed::WelcomedAuthorities;

/// In errors.
const KIND: &str = "CA certificate";

impl ControlPlane {
    /// The ARN of a certificate authority.
    pub fn authority_arn(&self, id: &CertificateId) -> String {
        self.parts.account.iot_arn(&format!("cacert/{id}"))
    }

    /// One registered authority.
    pub(crate) async fn authority(
        &self,
        id: &CertificateId,
    ) -> Result<RegisteredAuthority, ControlError> {
        let stored = self.parts.registry.document(DocumentKind::Authority, id.as_str()).await;
        match stored {
            Ok(document) => Ok(RegisteredAuthority::from_document(&document)?),
            Err(RegistryError::NotFound { .. }) => Err(ControlError::not_found(KIND, id.as_str())),
            Err(other) => Err(other.into()),
        }
    }

    /// Every registered authority, by id. One that cannot be read fails the whole: nothing is decided
    /// on half of them.
    pub(crate) async fn authorities(&self) -> Result<Vec<RegisteredAuthority>, ControlError> {
        let stored = self.parts.registry.documents(DocumentKind::Authority).await?;
        let read = stored.iter().map(RegisteredAuthority::from_document);
        Ok(read.collect::<Result<_, _>>()?)
    }

    /// Those whose name, DER, is `subject`.
    pub(crate) async fn authorities_named(
        &self,
        subject: &[u8],
    ) -> Result<Vec<RegisteredAuthority>, ControlError> {
        let mut named = self.authorities().await?;
        named.retain(|authority| authority.signer.subject() == subject);
        Ok(named)
    }
}

#[cfg(test)]
mod tests;
