//! One certificate in one writing.
//!
//! A certificate's id is the SHA-256 of all its bytes, while its signature covers the inner part only.
//! Whoever has a certificate could write the rest of it in other bytes and come with another id: a device
//! whose certificate is REVOKED would come as a stranger of the same authority. So the outer part must be
//! written in the one way that DER has for it. What is left is the other solution that every ECDSA
//! signature has; [`twin`] finds it.

use sha2::{Digest, Sha256};
use x509_parser::certificate::X509Certificate;
use x509_parser::der_parser::asn1_rs::Tag;
use x509_parser::x509::AlgorithmIdentifier;
use yasna::models::TaggedDerValue;
use yasna::tags::TAG_OID;
use yasna::{DERWriter, construct_der};

use crate::{KeyKind, ReadError, facts};

/// The orders of the curves' groups, big-endian.
const ORDER_P256: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
const ORDER_P384: &str = "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf\
                          581a0db248b0a77aecec196accc52973";
const ORDER_P521: &str = "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\
                          fa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409";

/// SHA-256, in hex, of the part of the certificate `der` that its signature covers: the same for all
/// writings of one certificate.
pub fn signed_part_digest(der: &[u8]) -> Result<String, ReadError> {
    Ok(hex::encode(Sha256::digest(facts::parse(der)?.tbs_certificate.as_ref())))
}

/// Whether `der` is the one way to write `certificate` around the part that is signed.
pub(crate) fn is_the_only(certificate: &X509Certificate<'_>, der: &[u8]) -> bool {
    let named_inside = &certificate.tbs_certificate.signature;
    let outside = &certificate.signature_algorithm;
    named_inside.algorithm == outside.algorithm
        && named_inside.parameters.is_some() == outside.parameters.is_some()
        && write(certificate, &certificate.signature_value.data) == der
}

/// `certificate` with the other ECDSA signature that a key of the kind `signer` has made with the one
/// it has. `None` where there is no other.
pub(crate) fn twin(certificate: &X509Certificate<'_>, signer: KeyKind) -> Option<Vec<u8>> {
    let order = match signer {
        KeyKind::Rsa { .. } => return None,
        KeyKind::EcP256 => ORDER_P256,
        KeyKind::EcP384 => ORDER_P384,
        KeyKind::EcP521 => ORDER_P521,
    };
    let order = hex::decode(order).ok()?;
    let read = yasna::parse_der(&certificate.signature_value.data, |reader| {
        reader.read_sequence(|reader| {
            let (r, _) = reader.next().read_bigint_bytes()?;
            let (s, _) = reader.next().read_bigint_bytes()?;
            Ok((r, s))
        })
    });
    let (r, s) = read.ok()?;
    let s = difference(&order, &s)?;
    let signature = construct_der(|writer| {
        writer.write_sequence(|writer| {
            writer.next().write_bigint_bytes(&r, true);
            writer.next().write_bigint_bytes(&s, true);
        });
    });
    Some(write(certificate, &signature))
}

/// The certificate with `signature`, the way DER wants it.
fn write(certificate: &X509Certificate<'_>, signature: &[u8]) -> Vec<u8> {
    construct_der(|writer| {
        writer.write_sequence(|writer| {
            writer.next().write_der(certificate.tbs_certificate.as_ref());
            write_algorithm(writer.next(), &certificate.signature_algorithm);
            writer.next().write_bitvec_bytes(signature, signature.len() * 8);
        });
    })
}

/// The algorithms that are taken have no parameters, or a NULL in their place.
fn write_algorithm(writer: DERWriter<'_>, algorithm: &AlgorithmIdentifier<'_>) {
    writer.write_sequence(|writer| {
        let oid = algorithm.algorithm.as_bytes().to_vec();
        writer.next().write_tagged_der(&TaggedDerValue::from_tag_and_bytes(TAG_OID, oid));
        let parameters = algorithm.parameters.as_ref();
        if parameters.is_some_and(|it| it.tag() == Tag::Null && it.data.is_empty()) {
            writer.next().write_null();
        }
    });
}

/// `larger - smaller`, big-endian; `None` if that would be negative.
fn difference(larger: &[u8], smaller: &[u8]) -> Option<Vec<u8>> {
    let zeros = smaller.iter().take_while(|byte| **byte == 0).count();
    let smaller = smaller.get(zeros..)?;
    let mut subtrahend = vec![0; larger.len().checked_sub(smaller.len())?];
    subtrahend.extend_from_slice(smaller);
    let mut is_borrowed = false;
    let mut digits: Vec<u8> = Vec::with_capacity(larger.len());
    for (from, take) in larger.iter().zip(&subtrahend).rev() {
        let (digit, first) = from.overflowing_sub(*take);
        let (digit, second) = digit.overflowing_sub(u8::from(is_borrowed));
        is_borrowed = first || second;
        digits.push(digit);
    }
    digits.reverse();
    (!is_borrowed).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_many_bytes_are_subtracted() {
        assert_eq!(difference(&[1, 0, 0], &[1]), Some(vec![0, 0xff, 0xff]));
        assert_eq!(difference(&[1, 0, 5], &[0, 0, 0, 0, 5]), Some(vec![1, 0, 0]));
        assert_eq!(difference(&[1, 0, 5], &[1, 0, 5]), Some(vec![0, 0, 0]));
        assert_eq!(difference(&[1, 0, 5], &[1, 0, 6]), None);
        assert_eq!(difference(&[1], &[1, 0]), None);
    }
}
