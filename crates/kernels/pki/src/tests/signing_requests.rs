//! Signing requests of openssl's making, and what becomes of them.

use super::{NOW, corpus, corpus_files};
use crate::{
    Authority, CertificateNames, KeyKind, ReadError, Registrable, Signer, SigningRequest, der_of,
};

const HASHES: [&str; 3] = ["-sha256.pem", "-sha384.pem", "-sha512.pem"];

#[test]
fn every_kind_of_key_with_every_hash_gets_a_certificate_of_its_key_and_subject() {
    let authority = Authority::generate(NOW).unwrap();
    let signer = Signer::read(authority.certificate_pem()).unwrap();
    let mut count = 0;
    let is_taken = |file: &&String| HASHES.iter().any(|hash| file.ends_with(hash));
    for file in corpus_files("request-").iter().filter(is_taken) {
        let request = SigningRequest::read(&corpus(file)).unwrap();
        let signed = authority.sign_request(&request, NOW).unwrap();
        let read = Registrable::read(&signed.certificate_pem).unwrap();
        assert_eq!((read.key, &read.facts.id), (request.key, &signed.id), "{file}");
        assert_eq!(read.facts.subject, request.subject, "{file}");
        signer.check(&read.der).unwrap();
        count += 1;
    }
    assert_eq!(count, 15);
}

#[test]
fn the_subject_is_copied_with_repeated_and_unknown_attributes() {
    let authority = Authority::generate(NOW).unwrap();
    let request = SigningRequest::read(&corpus("request-multivalued.pem")).unwrap();
    let signed = authority.sign_request(&request, NOW).unwrap();
    let read = Registrable::read(&signed.certificate_pem).unwrap();
    assert_eq!(read.facts.subject, request.subject);
    let names = CertificateNames::read(&read.der).unwrap();
    let units: Vec<_> = names.subject.iter().map(|(word, value)| (*word, value.as_str())).collect();
    let expected = [
        ("Organization", "Wards"),
        ("OrganizationalUnit", "Pumps"),
        ("OrganizationalUnit", "Spare"),
        ("CommonName", "pump-17"),
    ];
    assert_eq!(units, expected);
}

#[test]
fn a_request_cannot_ask_for_more_than_a_device_gets() {
    let authority = Authority::generate(NOW).unwrap();
    let request = SigningRequest::read(&corpus("request-extensions.pem")).unwrap();
    let signed = authority.sign_request(&request, NOW).unwrap();
    let read = Registrable::read(&signed.certificate_pem).unwrap();
    assert!(!read.facts.is_authority);
    assert_eq!(read.facts.names, Vec::<String>::new());
}

#[test]
fn the_same_request_twice_gives_two_certificates() {
    let authority = Authority::generate(NOW).unwrap();
    let request = SigningRequest::read(&corpus("request-p256-sha256.pem")).unwrap();
    assert_eq!(request.key, KeyKind::EcP256);
    let first = authority.sign_request(&request, NOW).unwrap();
    assert_ne!(authority.sign_request(&request, NOW).unwrap().id, first.id);
}

#[test]
fn what_is_not_taken_is_refused_with_the_reason() {
    let refused = |file: &str| SigningRequest::read(&corpus(file)).unwrap_err().to_string();
    assert_eq!(
        refused("request-weak.pem"),
        "the certificate signing request has an RSA key of 1024 bits; 2048 to 8192 are taken"
    );
    assert_eq!(
        refused("request-sha1.pem"),
        "the certificate signing request is signed with sha1WithRSAEncryption; RSA and ECDSA with \
         SHA-256, SHA-384 and SHA-512 are taken"
    );
    for (file, kind) in [
        ("request-k256.pem", "1.3.132.0.10"),
        ("request-ed25519.pem", "1.3.101.112"),
        ("request-dsa.pem", "1.2.840.10040.4.1"),
    ] {
        let expected = format!(
            "the certificate signing request has a key of kind {kind}; RSA and the curves P-256, \
             P-384 and P-521 are taken"
        );
        assert_eq!(refused(file), expected);
    }
    assert_eq!(
        refused("names.pem"),
        "a PEM block `CERTIFICATE` was sent where a certificate signing request is needed"
    );
    let long = format!("{}{}", corpus("request-p256-sha256.pem"), "\n".repeat(4096));
    assert!(matches!(SigningRequest::read(&long), Err(ReadError::TooLong { len_max: 4096, .. })));
}

#[test]
fn a_request_that_was_changed_after_it_was_signed_is_refused() {
    let pem = corpus("request-p256-sha256.pem").replace("CERTIFICATE REQUEST", "CERTIFICATE");
    let mut der = der_of(&pem).unwrap();
    let place = der.windows(7).position(|bytes| bytes == b"pump-17").unwrap();
    der[place + 6] = b'8';
    assert_eq!(SigningRequest::read_der(&der), Err(ReadError::NotItsOwn));
    der[place + 6] = b'7';
    assert!(SigningRequest::read_der(&der).is_ok());
    der.push(0);
    assert!(matches!(SigningRequest::read_der(&der), Err(ReadError::BytesBehind(_))));
}
