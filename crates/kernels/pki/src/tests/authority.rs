//! What our own authority makes, and what can be read off it.

use picket_core::{Secret, Timestamp};

use super::{NOW, corpus};
use crate::{
    Authority, CertificateNames, DeviceKey, KeyKind, PkiError, ReadError, Registrable, Signer,
    inspect,
};

#[test]
fn a_reloaded_authority_issues_certificates_with_the_id_of_their_der() {
    let first = Authority::generate(NOW).unwrap();
    let again =
        Authority::load(first.certificate_pem().to_owned(), first.private_key_pem().clone())
            .unwrap();
    let issued = again.issue_device("pump-17", NOW).unwrap();
    let facts = inspect(&issued.certificate_pem).unwrap();
    assert_eq!(facts.id, issued.id);
    assert_eq!(facts.not_before, issued.not_before);
    assert_eq!(facts.not_after, issued.not_after);
    assert_eq!(facts.common_name.as_deref(), Some("pump-17"));
    assert_eq!(issued.not_before.to_string(), "2024-12-31T00:00:00.000Z");
    assert_eq!(issued.not_after.to_string(), "2035-01-01T00:00:00.000Z");
}

#[test]
fn a_server_certificate_carries_names_and_addresses() {
    let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let issued = Authority::generate(NOW).unwrap().issue_server(&names, NOW).unwrap();
    assert_eq!(inspect(&issued.certificate_pem).unwrap().names, names);
}

#[test]
fn text_that_is_no_certificate_is_an_error_and_a_key_of_another_ca_is_none_of_ours() {
    assert!(matches!(inspect("hello"), Err(ReadError::NoPem(_))));
    assert!(Authority::load("hello".to_owned(), Secret::new("world")).is_err());
    let (one, two) = (Authority::generate(NOW).unwrap(), Authority::generate(NOW).unwrap());
    let mixed = Authority::load(one.certificate_pem().to_owned(), two.private_key_pem().clone());
    assert!(matches!(mixed, Err(PkiError::OtherKey)), "{mixed:?}");
    let device = one.issue_device("pump-17", NOW).unwrap();
    let posing = Authority::load(device.certificate_pem, device.private_key_pem);
    assert!(matches!(posing, Err(PkiError::Read(ReadError::NoAuthority))), "{posing:?}");
}

#[test]
fn a_server_certificate_serves_until_it_is_near_its_end_or_names_or_the_authority_change() {
    let (one, two) = (Authority::generate(NOW).unwrap(), Authority::generate(NOW).unwrap());
    let names = ["localhost", "127.0.0.1"].map(str::to_owned);
    let issued = one.issue_server(&names, NOW).unwrap();
    let facts = inspect(&issued.certificate_pem).unwrap();
    let day = 24 * 3600 * 1000;
    let in_days = |days: i64| Timestamp::from_millis(NOW.as_millis() + days * day);
    assert!(facts.serves(&names, one.facts(), NOW));
    assert!(facts.serves(&names, one.facts(), in_days(366)));
    assert!(!facts.serves(&names, one.facts(), in_days(368)));
    assert!(!facts.serves(&names, two.facts(), NOW));
    assert!(!facts.serves(&["edge-1".to_owned()], one.facts(), NOW));
}

#[test]
fn keys_made_for_a_device_come_with_the_certificate_that_aws_would_issue() {
    let authority = Authority::generate(NOW).unwrap();
    let key = DeviceKey::generate().unwrap();
    let signed = authority.certify(&key, NOW).unwrap();
    let read = Registrable::read(&signed.certificate_pem).unwrap();
    assert_eq!(read.facts.id, signed.id);
    assert_eq!(read.key, KeyKind::Rsa { bits: 2048 });
    assert_eq!(read.facts.common_name.as_deref(), Some("AWS IoT Certificate"));
    assert_eq!(read.facts.not_after.to_string(), "2049-12-31T23:59:59.000Z");
    assert!(read.facts.is_valid_at(NOW) && !read.facts.is_authority);
    Signer::read(authority.certificate_pem()).unwrap().check(&read.der).unwrap();
    let private = key.private_key_pem.expose();
    assert!(private.starts_with("-----BEGIN RSA PRIVATE KEY-----\nMII"), "not PKCS#1");
    assert!(private.ends_with("\n-----END RSA PRIVATE KEY-----\n"));
    assert!(key.public_key_pem.starts_with("-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQE"));
    let again = authority.certify(&key, NOW).unwrap();
    assert_ne!(again.id, signed.id, "two certificates of one key are two certificates");
    let shown = format!("{key:?}");
    assert!(!shown.contains("PRIVATE"), "{shown}");
}

#[test]
fn nothing_is_issued_that_would_end_before_it_begins() {
    let authority = Authority::generate(NOW).unwrap();
    let key = DeviceKey::generate().unwrap();
    let late = Timestamp::from_millis(2_524_608_000_000);
    assert!(matches!(authority.certify(&key, late), Err(PkiError::Date)));
}

fn pairs(names: &[(&'static str, String)]) -> Vec<String> {
    names.iter().map(|(word, value)| format!("{word}={value}")).collect()
}

#[test]
fn policies_get_every_name_in_the_order_of_the_certificate() {
    let der = crate::der_of(&corpus("names.pem")).unwrap();
    let names = CertificateNames::read(&der).unwrap();
    let of_holder = [
        "Country=DE",
        "CommonName=Pumpe 17",
        "SerialNumber=S-1",
        "DistinguishedNameQualifier=Q-1",
        "Title=T",
        "Surname=Muster",
        "GivenName=Eva",
        "Initials=EM",
        "Pseudonym=em",
        "GenerationQualifier=II",
    ];
    let alternative = [
        "AlternativeName.RFC822Name=eva@example.org",
        "AlternativeName.DNSName=pump.example.org",
        "AlternativeName.UniformResourceIdentifier=https://example.org/p",
        "AlternativeName.IPAddress=10.1.2.3",
        "AlternativeName.IPAddress=fd00::1",
        "AlternativeName.DirectoryName=CN=pump in a directory",
    ];
    assert_eq!(pairs(&names.subject), [&of_holder[..], &alternative[..]].concat());
    let issuer = [&of_holder[..], &["AlternativeName.DNSName=ca.example.org"]].concat();
    assert_eq!(pairs(&names.issuer), issuer);
    assert_eq!(names.of_subject("GivenName"), Some("Eva"));
    assert_eq!(names.of_subject("givenName"), None);
    assert_eq!(names.serial_number, "5686776798952929642815894290724836652357714175");
}

#[test]
fn names_in_two_byte_characters_are_text_as_well() {
    let facts = inspect(&corpus("names-bmp.pem")).unwrap();
    assert_eq!(facts.common_name.as_deref(), Some("Pumpe Ä"));
}

#[test]
fn a_certificate_between_words_of_openssl_is_the_same_certificate() {
    let plain = Registrable::read(&corpus("names-bmp.pem")).unwrap();
    let told = Registrable::read(&corpus("with-words.pem")).unwrap();
    assert_eq!(told, plain);
    assert_eq!(told.pem(), corpus("names-bmp.pem"));
}
