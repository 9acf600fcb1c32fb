//! One certificate in other bytes.

use proptest::prelude::*;

use super::{corpus, corpus_files};
use crate::{ReadError, Registrable, Signer, der_of, facts, signed_part_digest};

fn der(name: &str) -> Vec<u8> {
    der_of(&corpus(&format!("{name}.pem"))).unwrap()
}

#[test]
fn the_twin_of_an_ecdsa_signature_is_as_good_and_has_the_first_as_its_own() {
    let mut count = 0;
    for file in corpus_files("ca-p") {
        let name = file.trim_start_matches("ca-").trim_end_matches(".pem");
        let signer = Signer::read(&corpus(&file)).unwrap();
        let device = der(&format!("device-{name}"));
        let other = signer.twin_of(&device).unwrap();
        assert_ne!(other, device, "{name}");
        assert_eq!(signer.check(&other), Ok(()), "{name}");
        assert!(Registrable::read_der(other.clone()).is_ok(), "{name}");
        assert_eq!(signer.twin_of(&other), Some(device.clone()), "{name}");
        assert_eq!(signed_part_digest(&other), signed_part_digest(&device), "{name}");
        count += 1;
    }
    assert_eq!(count, 9);
}

#[test]
fn an_rsa_signature_has_no_twin() {
    let signer = Signer::read(&corpus("ca-rsa2048-sha256.pem")).unwrap();
    assert_eq!(signer.twin_of(&der("device-rsa2048-sha256")), None);
    assert_eq!(signer.twin_of(b"x"), None);
}

/// `der` with one zero more in the length of the element that begins at `at`.
fn with_longer_length(der: &[u8], at: usize) -> Vec<u8> {
    let mut longer = der.to_vec();
    let length = longer[at + 1];
    if length < 0x80 {
        longer.insert(at + 1, 0x81);
    } else {
        longer[at + 1] = length + 1;
        longer.insert(at + 2, 0);
    }
    longer
}

/// Where the outer elements of a certificate begin: itself, its algorithm, the algorithm's id, its
/// signature.
fn outer_elements(der: &[u8]) -> [usize; 4] {
    let certificate = facts::parse(der).unwrap();
    let algorithm = 4 + certificate.tbs_certificate.as_ref().len();
    let signature = algorithm + 2 + usize::from(der[algorithm + 1]);
    [0, algorithm, algorithm + 2, signature]
}

/// As [`with_longer_length`], with what is around it one byte longer.
fn rewritten(der: &[u8], at: usize) -> Vec<u8> {
    let mut longer = with_longer_length(der, at);
    if at > 0 {
        let length = u16::from_be_bytes([longer[2], longer[3]]) + 1;
        longer[2..4].copy_from_slice(&length.to_be_bytes());
    }
    let [_, algorithm, oid, _] = outer_elements(der);
    if at == oid {
        longer[algorithm + 1] += 1;
    }
    longer
}

#[test]
fn a_certificate_whose_outer_part_is_written_otherwise_cannot_be_registered() {
    for name in ["device-p256-sha256", "device-rsa2048-sha256", "device-p521-sha512"] {
        let der = der(name);
        for at in outer_elements(&der) {
            let other = rewritten(&der, at);
            assert!(Registrable::read_der(other).is_err(), "{name} at {at}");
        }
    }
    let refused = |der| Registrable::read_der(der).unwrap_err();
    let device = der("device-rsa2048-sha256");
    assert_eq!(refused(rewritten(&device, 0)), ReadError::OtherWriting);
    let [_, algorithm, ..] = outer_elements(&device);
    let mut named = device.clone();
    named[algorithm + 12] += 1;
    assert_eq!(refused(named), ReadError::OtherWriting, "SHA-384 outside, SHA-256 inside");
}

#[test]
fn whatever_is_changed_outside_of_what_is_signed_no_second_writing_is_taken() {
    let names = ["p256-sha256", "rsa2048-sha256", "p384-sha512"];
    let config = ProptestConfig::with_cases(4000);
    let cases = (0..3_usize, any::<prop::sample::Index>(), any::<u8>(), 0..3_u8);
    proptest!(config, |((which, at, byte, how) in cases)| {
        let name = names[which];
        let der = der(&format!("device-{name}"));
        let signer = Signer::read(&corpus(&format!("ca-{name}.pem"))).unwrap();
        // Of the first bytes, and all behind the signed part.
        let [_, algorithm, ..] = outer_elements(&der);
        let outer: Vec<usize> = (0..4).chain(algorithm..der.len()).collect();
        let at = outer[at.index(outer.len())];
        let mut other = der.clone();
        match how {
            0 => other[at] = byte,
            1 => other.insert(at, byte),
            _ => drop(other.remove(at)),
        }
        let is_taken = Registrable::read_der(other.clone()).is_ok() && signer.check(&other).is_ok();
        prop_assert!(!is_taken || other == der, "{name}: byte {at} of {other:02x?}");
    });
}
