//! Who may finish a TLS handshake: whoever holds the key of a registered, active certificate, or of one
//! that may introduce itself.

use std::cell::RefCell;
use std::sync::Arc;

use picket_core::{CertificateId, Timestamp};
use picket_pki::id_of_der;
use picket_ports::Directory;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};
use rustls_pki_types::{CertificateDer, UnixTime};

use super::proof;
use crate::standing::{Standing, Terms};

thread_local! {
    /// The last certificate refused on this thread, which the error cannot carry.
    static REFUSED: RefCell<Option<CertificateId>> = const { RefCell::new(None) };
}

/// The certificate that the handshake step just made has refused.
pub(super) fn take_refused() -> Option<CertificateId> {
    REFUSED.take()
}

/// Looks certificates up by fingerprint. The chain does not matter, as on AWS: the registry says who
/// is known. The signature over the handshake is always checked, so the key is proven.
#[derive(Debug)]
pub(super) struct RegistryVerifier {
    pub(super) directory: Arc<dyn Directory>,
    pub(super) provider: Arc<CryptoProvider>,
    pub(super) terms: Terms,
    /// Whether there must be a certificate.
    pub(super) mandatory: bool,
}

impl ClientCertVerifier for RegistryVerifier {
    fn client_auth_mandatory(&self) -> bool {
        self.mandatory
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let now_ms = i64::try_from(now.as_secs().saturating_mul(1000)).unwrap_or(i64::MAX);
        let now = Timestamp::from_millis(now_ms);
        let id = id_of_der(end_entity);
        let problem = match self.terms.standing(&*self.directory, &id, Some(end_entity), now) {
            Standing::Active | Standing::Pending | Standing::Welcome => {
                return Ok(ClientCertVerified::assertion());
            }
            Standing::Unknown => CertificateError::UnknownIssuer,
            Standing::Off(_) => CertificateError::Revoked,
            Standing::Expired => CertificateError::Expired,
        };
        REFUSED.set(Some(id));
        Err(Error::InvalidCertificate(problem))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        let verified = verify_tls12_signature(message, certificate, signed, algorithms);
        proof::of_old_certificates(verified, || {
            proof::tls12(message, certificate, signed, algorithms)
        })
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        let verified = verify_tls13_signature(message, certificate, signed, algorithms);
        proof::of_old_certificates(verified, || {
            proof::tls13(message, certificate, signed, algorithms)
        })
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
