//! Who may finish a TLS handshake: whoever holds the key of a registered, active certificate.

use std::sync::Arc;

use picket_core::Timestamp;
use picket_pki::id_of_der;
use picket_ports::Directory;
use picket_ports::registry::CertificateStatus;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};
use rustls_pki_types::{CertificateDer, UnixTime};

/// Looks certificates up by fingerprint. The chain does not matter, as on AWS: the registry says who
/// is known. The signature over the handshake is always checked, so the key is proven.
#[derive(Debug)]
pub(crate) struct RegistryVerifier {
    pub(crate) directory: Arc<dyn Directory>,
    pub(crate) provider: Arc<CryptoProvider>,
    pub(crate) allow_expired: bool,
}

impl ClientCertVerifier for RegistryVerifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let entry = self.directory.certificate(&id_of_der(end_entity));
        let Some(entry) = entry else {
            return Err(Error::InvalidCertificate(CertificateError::UnknownIssuer));
        };
        if entry.status != CertificateStatus::Active {
            return Err(Error::InvalidCertificate(CertificateError::Revoked));
        }
        let now_ms = i64::try_from(now.as_secs().saturating_mul(1000)).unwrap_or(i64::MAX);
        if !self.allow_expired && entry.not_after < Timestamp::from_millis(now_ms) {
            return Err(Error::InvalidCertificate(CertificateError::Expired));
        }
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
