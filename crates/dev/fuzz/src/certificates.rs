//! Certificates and signing requests, PEM or DER.

use picket_pki::{CertificateNames, Registrable, Signer, SigningRequest, inspect, inspect_der};

pub(crate) fn certificate(bytes: &[u8]) {
    if let Ok(pem) = std::str::from_utf8(bytes) {
        inspect(pem).ok();
        Registrable::read(pem).ok();
        Signer::read(pem).ok();
    }
    inspect_der(bytes).ok();
    CertificateNames::read(bytes).ok();
    if let Ok(certificate) = Registrable::read_der(bytes.to_vec()) {
        let again = Registrable::read(&certificate.pem());
        assert!(again.is_ok(), "what was read and written again cannot be read");
        if let Ok(signer) = Signer::new(&certificate) {
            signer.check(bytes).ok();
        }
    }
}

pub(crate) fn signing_request(bytes: &[u8]) {
    if let Ok(pem) = std::str::from_utf8(bytes) {
        SigningRequest::read(pem).ok();
    }
    SigningRequest::read_der(bytes).ok();
}
