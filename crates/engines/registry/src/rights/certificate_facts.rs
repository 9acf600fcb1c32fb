//! What policies can ask about a certificate.

use picket_core::CertificateId;
use picket_pki::CertificateNames;
use picket_policy::{CertificateFacts, NameField};

/// What policies can ask about the certificate `der` (spec iot-core §4.3). One that cannot be read has
/// only its id.
pub fn certificate_facts(id: &CertificateId, der: &[u8]) -> CertificateFacts {
    let CertificateNames { serial_number, subject, issuer } =
        CertificateNames::read(der).unwrap_or_default();
    let id = id.as_str().to_owned();
    CertificateFacts { id, serial_number, subject: fields(subject), issuer: fields(issuer) }
}

/// Names under policies' fields, which are called alike.
fn fields(names: Vec<(&'static str, String)>) -> Vec<(NameField, String)> {
    let field = |word: &str| NameField::ALL.iter().copied().find(|it| it.as_str() == word);
    names.into_iter().filter_map(|(word, value)| Some((field(word)?, value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_a_certificate_is_a_field_of_policies() {
        for word in CertificateNames::words() {
            assert!(NameField::ALL.iter().any(|field| field.as_str() == word), "{word}");
        }
        assert_eq!(CertificateNames::words().count(), NameField::ALL.len());
    }
}
