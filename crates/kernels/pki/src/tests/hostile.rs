//! Bytes that somebody has meddled with: an error or an answer, never a panic.

use proptest::prelude::*;
use proptest::sample::Index;

use super::{NOW, corpus, corpus_files};
use crate::text::{CERTIFICATE, only_block};
use crate::{
    Authority, CertificateNames, Registrable, Signer, Signers, SigningRequest, inspect_der, pem_of,
};

/// Only that it comes to an end is asked.
fn ends<T>(_: T) {}

/// Everything that reads certificates, on these bytes.
fn read_everything(der: &[u8], signers: &Signers) {
    let facts = inspect_der(der);
    let names = CertificateNames::read(der);
    assert_eq!(facts.is_ok(), names.is_ok());
    let registrable = Registrable::read_der(der.to_vec());
    if let Ok(registrable) = &registrable {
        assert!(facts.is_ok());
        if let Ok(signer) = Signer::new(registrable) {
            ends(signer.check(der));
        }
    }
    ends(signers.signer_of(der));
    ends(SigningRequest::read_der(der));
}

/// A change somebody may make to bytes.
#[derive(Debug, Clone)]
enum Change {
    Set(Index, u8),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    Repeat(Index, usize),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Change::Set(at, byte)),
        1 => (any::<Index>(), prop::collection::vec(any::<u8>(), 1..20))
            .prop_map(|(at, bytes)| Change::Insert(at, bytes)),
        1 => (any::<Index>(), 1..40_usize).prop_map(|(at, count)| Change::Remove(at, count)),
        1 => (any::<Index>(), 1..40_usize).prop_map(|(at, count)| Change::Repeat(at, count)),
    ]
}

fn apply(mut bytes: Vec<u8>, changes: &[Change]) -> Vec<u8> {
    for change in changes.iter().filter(|_| !bytes.is_empty()).cloned().collect::<Vec<_>>() {
        if bytes.is_empty() {
            break;
        }
        match change {
            Change::Set(at, byte) => {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            Change::Insert(at, more) => {
                let at = at.index(bytes.len());
                bytes.splice(at..at, more);
            }
            Change::Remove(at, count) => {
                let at = at.index(bytes.len());
                let end = (at + count).min(bytes.len());
                bytes.drain(at..end);
            }
            Change::Repeat(at, count) => {
                let at = at.index(bytes.len());
                let end = (at + count).min(bytes.len());
                let part = bytes[at..end].to_vec();
                bytes.splice(at..at, part);
            }
        }
    }
    bytes
}

/// Every DER of the corpus, and some authorities to look for.
fn seeds() -> (Vec<Vec<u8>>, Signers) {
    let files = corpus_files("").into_iter().filter(|file| file.ends_with(".pem"));
    let ders = files.map(|file| {
        let pem = corpus(&file).replace("CERTIFICATE REQUEST", "CERTIFICATE");
        only_block(&pem, &CERTIFICATE).unwrap()
    });
    let names = ["ca-p256-sha256.pem", "ca-twin.pem", "ca-rsa2048-sha256.pem"];
    let signers = names.map(|name| Signer::read(&corpus(name)).unwrap());
    (ders.collect(), signers.into_iter().collect())
}

#[test]
fn bytes_with_changes_are_read_or_refused() {
    let (ders, signers) = seeds();
    let config = ProptestConfig::with_cases(4000);
    let cases = (any::<Index>(), prop::collection::vec(change(), 1..6));
    proptest!(config, |((seed, changes) in cases)| {
        let der = apply(seed.get(&ders).clone(), &changes);
        read_everything(&der, &signers);
    });
}

#[test]
fn bytes_that_end_too_early_are_refused() {
    let (ders, signers) = seeds();
    for der in ders.iter().filter(|der| der.len() < 700) {
        for end in 0..der.len() {
            let cut = &der[..end];
            assert!(inspect_der(cut).is_err());
            read_everything(cut, &signers);
        }
    }
}

#[test]
fn texts_with_changes_are_read_or_refused() {
    let texts = ["names.pem", "with-words.pem", "request-p256-sha256.pem", "ca-twin.pem"];
    let texts = texts.map(|file| corpus(file).into_bytes());
    let config = ProptestConfig::with_cases(2000);
    let cases = (any::<Index>(), prop::collection::vec(change(), 1..4));
    proptest!(config, |((seed, changes) in cases)| {
        let text = apply(seed.get(&texts).clone(), &changes);
        let text = String::from_utf8_lossy(&text);
        ends(Registrable::read(&text));
        ends(SigningRequest::read(&text));
    });
}

#[test]
fn megabytes_are_refused_by_their_length_alone() {
    let long = "A".repeat(5_000_000);
    assert!(Registrable::read(&pem_of(long.as_bytes())).is_err());
    assert!(SigningRequest::read(&long).is_err());
    let (_, signers) = seeds();
    read_everything(long.as_bytes(), &signers);
    // Nested as deeply as 64 KiB allow.
    let nested = [0x30, 0x80].repeat(30_000);
    read_everything(&nested, &signers);
}

#[test]
fn what_is_signed_for_a_stranger_can_be_read_back() {
    let authority = Authority::generate(NOW).unwrap();
    let (ders, _) = seeds();
    let config = ProptestConfig::with_cases(500);
    let cases = (any::<Index>(), prop::collection::vec(change(), 0..3));
    proptest!(config, |((seed, changes) in cases)| {
        let der = apply(seed.get(&ders).clone(), &changes);
        if let Ok(request) = SigningRequest::read_der(&der) {
            let signed = authority.sign_request(&request, NOW).unwrap();
            prop_assert!(Registrable::read(&signed.certificate_pem).is_ok());
        }
    });
}
