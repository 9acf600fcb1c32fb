//! Certificates of devices: made by our own authority, or registered (spec iot-core §2.5).

mod create;
mod delete;
mod key_work;
mod read;
mod register;
mod transfer;
mod update;

use picket_core::CertificateId;
use picket_pki::Registrable;
use picket_ports::RegistryError;
use picket_ports::registry::{Certificate, CertificateMode, CertificateStatus};
use uuid::Uuid;

use crate::checked::shown;
use crate::{ControlError, ControlPlane};

pub use create::NewKeys;
pub(crate) use key_work::KeyWork;
pub use register::CertificateRegistration;
pub(crate) use register::readable;

const ID_CHARS: usize = 64;

/// What a new certificate is before it is anything else.
const FIRST_VERSION: u64 = 1;

impl ControlPlane {
    /// The ARN of a device certificate.
    pub fn certificate_arn(&self, id: &CertificateId) -> String {
        self.parts.account.iot_arn(&format!("cert/{id}"))
    }

    pub(crate) async fn certificate(
        &self,
        id: &CertificateId,
    ) -> Result<Certificate, ControlError> {
        Ok(self.parts.registry.certificate(id).await?)
    }

    /// Stores a new certificate. One that is there already is `AlreadyExists` with its ARN.
    async fn store_certificate(&self, certificate: &Certificate) -> Result<(), ControlError> {
        match self.parts.registry.create_certificate(certificate).await {
            Ok(()) => Ok(()),
            Err(RegistryError::AlreadyExists { .. }) => {
                Err(self.certificate_is_there(&certificate.id))
            }
            Err(other) => Err(other.into()),
        }
    }

    fn certificate_is_there(&self, id: &CertificateId) -> ControlError {
        ControlError::AlreadyExists {
            kind: "certificate",
            name: id.to_string(),
            id: id.to_string(),
            arn: self.certificate_arn(id),
        }
    }

    /// The row of a certificate that was read from outside.
    pub(crate) fn new_certificate(
        &self,
        read: &Registrable,
        status: CertificateStatus,
        origin: (Option<CertificateId>, CertificateMode),
    ) -> Certificate {
        let now = self.parts.clock.now();
        let (ca, mode) = origin;
        Certificate {
            id: read.facts.id.clone(),
            pem: read.pem(),
            status,
            ca,
            mode,
            not_before: read.facts.not_before,
            not_after: read.facts.not_after,
            created: now,
            modified: now,
            version: FIRST_VERSION,
        }
    }
}

/// A certificate's `generationId`: another one when a certificate that was deleted comes back.
pub fn generation_id(id: &CertificateId, created: picket_core::Timestamp) -> String {
    let of = format!("{id}/{}", created.as_millis());
    Uuid::new_v5(&Uuid::NAMESPACE_OID, of.as_bytes()).to_string()
}

/// The id of a certificate as callers write it.
pub(crate) fn certificate_id(member: &str, text: &str) -> Result<CertificateId, ControlError> {
    let is_id = text.len() == ID_CHARS && text.chars().all(|c| c.is_ascii_hexdigit());
    if !is_id {
        return Err(ControlError::Invalid(format!(
            "value `{}` at `{member}` is not a certificate id: it must have {ID_CHARS} hexadecimal \
             digits",
            shown(text)
        )));
    }
    Ok(CertificateId::new(text.to_ascii_lowercase())?)
}

/// A status that a caller may set: not the pending ones, which only the service itself sets.
fn settable_status(member: &str, text: &str) -> Result<CertificateStatus, ControlError> {
    const SETTABLE: &str = "ACTIVE, INACTIVE and REVOKED can be set";
    match (CertificateStatus::parse(text), text) {
        (Some(CertificateStatus::PendingActivation), _) | (None, "PENDING_TRANSFER") => {
            Err(ControlError::Invalid(format!(
                "{text} at `{member}` is set by the service; {SETTABLE}"
            )))
        }
        (Some(status), _) => Ok(status),
        (None, "REGISTER_INACTIVE") => Err(ControlError::Invalid(format!(
            "REGISTER_INACTIVE at `{member}` is deprecated; use INACTIVE"
        ))),
        (None, _) => Err(ControlError::Invalid(format!(
            "value `{}` at `{member}` is not a certificate status; {SETTABLE}",
            shown(text)
        ))),
    }
}

#[cfg(test)]
mod tests;
