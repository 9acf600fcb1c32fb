//! Proof that a client has the key of a certificate that the TLS library has no mind to read: one of
//! version 1, as AWS's guide has people make with `openssl x509 -req`. The registry says which
//! certificates are known, so all that is needed of one is its key.

use picket_pki::public_key_of;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls13_signature_with_raw_key};
use rustls::{CertificateError, DigitallySignedStruct, Error};
use rustls_pki_types::{CertificateDer, SubjectPublicKeyInfoDer};
use webpki::RawPublicKeyEntity;

type Verified = Result<HandshakeSignatureValid, Error>;

/// What the library has found, or what `by_key` finds if it could not read the certificate.
pub(super) fn of_old_certificates(
    verified: Verified,
    by_key: impl FnOnce() -> Verified,
) -> Verified {
    match verified {
        Err(Error::InvalidCertificate(problem)) if problem != CertificateError::BadSignature => {
            by_key()
        }
        verified => verified,
    }
}

/// Checks the signature of a TLS 1.2 handshake by the key alone.
pub(super) fn tls12(
    message: &[u8],
    certificate: &CertificateDer<'_>,
    signed: &DigitallySignedStruct,
    algorithms: &WebPkiSupportedAlgorithms,
) -> Verified {
    let info = key_of(certificate)?;
    let key = RawPublicKeyEntity::try_from(&info).map_err(|_| CertificateError::BadEncoding)?;
    let mut fitting = algorithms
        .mapping
        .iter()
        .filter(|(scheme, _)| *scheme == signed.scheme)
        .flat_map(|(_, algorithms)| algorithms.iter());
    match fitting.any(|it| key.verify_signature(*it, message, signed.signature()).is_ok()) {
        true => Ok(HandshakeSignatureValid::assertion()),
        false => Err(CertificateError::BadSignature.into()),
    }
}

/// Checks the signature of a TLS 1.3 handshake by the key alone.
pub(super) fn tls13(
    message: &[u8],
    certificate: &CertificateDer<'_>,
    signed: &DigitallySignedStruct,
    algorithms: &WebPkiSupportedAlgorithms,
) -> Verified {
    verify_tls13_signature_with_raw_key(message, &key_of(certificate)?, signed, algorithms)
}

fn key_of(certificate: &CertificateDer<'_>) -> Result<SubjectPublicKeyInfoDer<'static>, Error> {
    let key = public_key_of(certificate).map_err(|_| CertificateError::BadEncoding)?;
    Ok(SubjectPublicKeyInfoDer::from(key))
}
