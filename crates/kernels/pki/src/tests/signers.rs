//! Authorities of openssl's making and the certificates they signed.

use super::{NOW, corpus, corpus_files};
use crate::{Authority, NotSigned, ReadError, Registrable, Signer, Signers, der_of};

const TAKEN: [&str; 12] = [
    "rsa2048-sha256",
    "rsa2048-sha384",
    "rsa2048-sha512",
    "p256-sha256",
    "p256-sha384",
    "p256-sha512",
    "p384-sha256",
    "p384-sha384",
    "p384-sha512",
    "p521-sha256",
    "p521-sha384",
    "p521-sha512",
];

fn device(name: &str) -> Vec<u8> {
    der_of(&corpus(&format!("device-{name}.pem"))).unwrap()
}

fn authority(name: &str) -> Signer {
    Signer::read(&corpus(&format!("ca-{name}.pem"))).unwrap()
}

#[test]
fn every_authority_is_found_among_all_of_them_by_what_it_signed() {
    let signers: Signers = TAKEN.iter().map(|name| authority(name)).collect();
    for name in TAKEN {
        let found = signers.signer_of(&device(name)).map(Signer::id);
        assert_eq!(found, Some(authority(name).id()), "{name}");
        assert!(Registrable::read(&corpus(&format!("device-{name}.pem"))).is_ok(), "{name}");
    }
}

#[test]
fn of_two_authorities_with_one_name_the_one_that_signed_is_found() {
    let signers: Signers = ["p256-sha256", "twin"].map(authority).into_iter().collect();
    let twin = authority("twin");
    assert_eq!(signers.named(twin.subject()).len(), 2);
    assert_eq!(signers.signer_of(&device("twin")).map(Signer::id), Some(twin.id()));
    let other = authority("p256-sha256");
    assert_eq!(signers.signer_of(&device("p256-sha256")).map(Signer::id), Some(other.id()));
    assert_eq!(other.check(&device("twin")), Err(NotSigned::BadSignature));
}

#[test]
fn why_an_authority_is_not_the_signer_is_said() {
    let signer = authority("p256-sha256");
    assert_eq!(signer.check(&device("p384-sha256")), Err(NotSigned::OtherIssuer));
    let mut forged = device("p256-sha256");
    let place = forged.windows(7).position(|bytes| bytes == b"pump-17").unwrap();
    forged[place + 6] = b'8';
    assert_eq!(signer.check(&forged), Err(NotSigned::BadSignature));
    assert!(matches!(signer.check(b"x"), Err(NotSigned::Unreadable(ReadError::BadDer(_)))));
    let (one, two) = (Authority::generate(NOW).unwrap(), Authority::generate(NOW).unwrap());
    let issued = one.issue_device("pump-17", NOW).unwrap();
    let der = der_of(&issued.certificate_pem).unwrap();
    let other = Signer::read(two.certificate_pem()).unwrap();
    assert_eq!(other.check(&der), Err(NotSigned::OtherKey));
}

#[test]
fn weak_and_strange_signatures_are_not_taken() {
    for (file, found) in [
        ("device-sha1.pem", "sha1WithRSAEncryption"),
        ("device-ed25519.pem", "1.3.101.112"),
        ("ca-sha1.pem", "sha1WithRSAEncryption"),
    ] {
        let error = Registrable::read(&corpus(file)).unwrap_err().to_string();
        let expected = format!(
            "the certificate is signed with {found}; RSA and ECDSA with SHA-256, SHA-384 and \
             SHA-512 are taken"
        );
        assert_eq!(error, expected);
    }
    let signers: Signers = TAKEN.iter().map(|name| authority(name)).collect();
    assert_eq!(signers.signer_of(&device("sha1")), None);
}

#[test]
fn what_dsa_has_signed_is_taken_by_itself_and_no_authority_with_such_a_key() {
    assert!(Registrable::read(&corpus("device-dsa.pem")).is_ok());
    let signers: Signers = TAKEN.iter().map(|name| authority(name)).collect();
    assert_eq!(signers.signer_of(&device("dsa")), None);
    let signer = authority("p256-sha256");
    assert_eq!(signer.check(&device("dsa")), Err(NotSigned::OtherIssuer));
    let error = Signer::read(&corpus("ca-dsa.pem")).unwrap_err().to_string();
    let expected = "the certificate has a key of kind 1.2.840.10040.4.1; RSA and the curves P-256, P-384 \
                    and P-521 are taken";
    assert_eq!(error, expected);
}

#[test]
fn only_authorities_are_taken_as_such() {
    for file in corpus_files("device-").iter().filter(|it| it.contains("-p256-")) {
        assert_eq!(Signer::read(&corpus(file)), Err(ReadError::NoAuthority), "{file}");
    }
    assert_eq!(Signer::read(&corpus("version1.pem")), Err(ReadError::NoAuthority));
    let signer = authority("p256-sha256");
    assert!(!signer.is_valid_at(picket_core::Timestamp::from_millis(0)));
}
