//! `CreateKeysAndCertificate` and `CreateCertificateFromCsr`.

use picket_core::Secret;
use picket_pki::{PkiError, Signed, SigningRequest};
use picket_ports::registry::{Certificate, CertificateMode, CertificateStatus};

use super::FIRST_VERSION;
use crate::{ControlError, ControlPlane};

/// A certificate with its keys, which are kept nowhere else.
#[derive(Debug, Clone)]
pub struct NewKeys {
    /// The certificate as it was registered.
    pub certificate: Certificate,
    /// `PUBLIC KEY`, PEM.
    pub public_key_pem: String,
    /// `RSA PRIVATE KEY`, PEM.
    pub private_key_pem: Secret,
}

impl ControlPlane {
    /// `CreateKeysAndCertificate`: an RSA key pair of 2048 bits and a certificate for it.
    pub async fn create_keys_and_certificate(
        &self,
        set_as_active: bool,
    ) -> Result<NewKeys, ControlError> {
        let key = self.key_work.key().await?;
        let signed = self.parts.authority.certify(&key, self.parts.clock.now());
        let certificate = self.keep_signed(signed, set_as_active).await?;
        Ok(NewKeys {
            certificate,
            public_key_pem: key.public_key_pem,
            private_key_pem: key.private_key_pem,
        })
    }

    /// `CreateCertificateFromCsr`. The same request twice gives two certificates.
    pub async fn create_certificate_from_csr(
        &self,
        request_pem: &str,
        set_as_active: bool,
    ) -> Result<Certificate, ControlError> {
        let request = SigningRequest::read(request_pem)
            .map_err(|error| ControlError::Invalid(error.to_string()))?;
        let signed = self.parts.authority.sign_request(&request, self.parts.clock.now());
        self.keep_signed(signed, set_as_active).await
    }

    async fn keep_signed(
        &self,
        signed: Result<Signed, PkiError>,
        set_as_active: bool,
    ) -> Result<Certificate, ControlError> {
        let signed = signed.map_err(|error| ControlError::Internal(error.to_string()))?;
        let now = self.parts.clock.now();
        let status =
            if set_as_active { CertificateStatus::Active } else { CertificateStatus::Inactive };
        let certificate = Certificate {
            id: signed.id,
            pem: signed.certificate_pem,
            status,
            ca: None,
            mode: CertificateMode::Default,
            not_before: signed.not_before,
            not_after: signed.not_after,
            created: now,
            modified: now,
            version: FIRST_VERSION,
        };
        self.store_certificate(&certificate).await?;
        self.in_force().await;
        Ok(certificate)
    }
}
