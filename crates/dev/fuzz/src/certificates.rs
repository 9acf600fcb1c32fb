//! Certificates and signing requests, PEM or DER, and what becomes of those that introduce themselves.

use picket_pki::{
    CertificateNames, Registrable, Signer, SigningRequest, inspect, inspect_der, signed_part_digest,
};
use picket_registry::RegistrationConfig;

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
            check_twin(&signer, bytes);
        }
    }
}

/// A certificate that signed itself, in its other writing.
fn check_twin(signer: &Signer, bytes: &[u8]) {
    let Some(twin) = signer.twin_of(bytes) else { return };
    assert_eq!(signed_part_digest(&twin), signed_part_digest(bytes));
    if signer.check(bytes).is_ok() {
        assert!(signer.check(&twin).is_ok(), "the twin of a good signature is none");
        assert_eq!(signer.twin_of(&twin).as_deref(), Some(bytes));
    }
}

pub(crate) fn provisioning_template(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let template_body = Some(text.to_owned());
    RegistrationConfig { template_body, ..RegistrationConfig::default() }.check().ok();
}

pub(crate) fn signing_request(bytes: &[u8]) {
    if let Ok(pem) = std::str::from_utf8(bytes) {
        SigningRequest::read(pem).ok();
    }
    SigningRequest::read_der(bytes).ok();
}
