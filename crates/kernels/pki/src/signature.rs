//! Keys and signatures that are taken (spec iot-core §2.5), and the check of a signature.

use aws_lc_rs::signature as verifiers;
use aws_lc_rs::signature::{UnparsedPublicKey, VerificationAlgorithm};
use x509_parser::der_parser::oid;
use x509_parser::der_parser::oid::Oid;
use x509_parser::oid_registry as oids;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo};

use crate::ReadError;

const RSA_BITS_MIN: usize = 2048;
const RSA_BITS_MAX: usize = 8192;

/// A kind of public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// RSA, 2048 to 8192 bits.
    Rsa {
        /// The length of the modulus.
        bits: usize,
    },
    /// NIST P-256.
    EcP256,
    /// NIST P-384.
    EcP384,
    /// NIST P-521.
    EcP521,
}

impl KeyKind {
    /// The kind of `key` that `what` holds, if it is one that is taken.
    pub(crate) fn of(
        key: &SubjectPublicKeyInfo<'_>,
        what: &'static str,
    ) -> Result<Self, ReadError> {
        let algorithm = &key.algorithm.algorithm;
        if *algorithm == oids::OID_PKCS1_RSAENCRYPTION {
            let bits = match key.parsed() {
                Ok(PublicKey::RSA(rsa)) => bit_length(rsa.modulus),
                _ => return Err(ReadError::BadDer(what)),
            };
            let is_taken = (RSA_BITS_MIN..=RSA_BITS_MAX).contains(&bits);
            return if is_taken {
                Ok(Self::Rsa { bits })
            } else {
                Err(ReadError::RsaKeyLength { what, bits })
            };
        }
        if *algorithm != oids::OID_KEY_TYPE_EC_PUBLIC_KEY {
            return Err(ReadError::OtherKey { what, found: algorithm.to_id_string() });
        }
        let curve = key.algorithm.parameters.as_ref().and_then(|it| it.as_oid().ok());
        let curve = curve.ok_or(ReadError::BadDer(what))?;
        match CURVES.iter().find(|(oid, _)| *oid == curve) {
            Some((_, kind)) => Ok(*kind),
            None => Err(ReadError::OtherKey { what, found: curve.to_id_string() }),
        }
    }
}

const CURVES: [(Oid<'static>, KeyKind); 3] = [
    (oids::OID_EC_P256, KeyKind::EcP256),
    (oids::OID_NIST_EC_P384, KeyKind::EcP384),
    (oids::OID_NIST_EC_P521, KeyKind::EcP521),
];

fn bit_length(number: &[u8]) -> usize {
    let significant = number.iter().skip_while(|byte| **byte == 0);
    let bytes = significant.clone().count();
    let first = significant.into_iter().next().copied().unwrap_or(0);
    let spare = usize::try_from(first.leading_zeros()).unwrap_or(0);
    (bytes * 8).saturating_sub(spare)
}

/// A signature algorithm that is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SignatureKind {
    Rsa(Hash),
    Ecdsa(Hash),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

const SIGNATURES: [(Oid<'static>, SignatureKind); 6] = [
    (oids::OID_PKCS1_SHA256WITHRSA, SignatureKind::Rsa(Hash::Sha256)),
    (oids::OID_PKCS1_SHA384WITHRSA, SignatureKind::Rsa(Hash::Sha384)),
    (oids::OID_PKCS1_SHA512WITHRSA, SignatureKind::Rsa(Hash::Sha512)),
    (oids::OID_SIG_ECDSA_WITH_SHA256, SignatureKind::Ecdsa(Hash::Sha256)),
    (oids::OID_SIG_ECDSA_WITH_SHA384, SignatureKind::Ecdsa(Hash::Sha384)),
    (oids::OID_SIG_ECDSA_WITH_SHA512, SignatureKind::Ecdsa(Hash::Sha512)),
];

/// DSA with SHA-256 (RFC 5758 §3.1).
const DSA_SHA256: Oid<'static> = oid!(2.16.840.1.101.3.4.3.2);

/// Whether the signature is DSA's with SHA-256, which a certificate may have that is known by itself: no
/// authority with such a key can be registered, so nobody has to check it.
pub(crate) fn is_dsa(algorithm: &AlgorithmIdentifier<'_>) -> bool {
    algorithm.algorithm == DSA_SHA256
}

impl SignatureKind {
    /// The algorithm that `what` is signed with, if it is one that is taken.
    pub(crate) fn of(
        algorithm: &AlgorithmIdentifier<'_>,
        what: &'static str,
    ) -> Result<Self, ReadError> {
        let oid = &algorithm.algorithm;
        if let Some((_, kind)) = SIGNATURES.iter().find(|(known, _)| known == oid) {
            return Ok(*kind);
        }
        let name = oids::OidRegistry::default().with_crypto().get(oid).map(|it| it.sn().to_owned());
        Err(ReadError::OtherSignature { what, found: name.unwrap_or_else(|| oid.to_id_string()) })
    }

    /// Whether `signature` over `message` was made with the private key of `key`.
    pub(crate) fn is_by(
        self,
        key: &SubjectPublicKeyInfo<'_>,
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        let Ok(kind) = KeyKind::of(key, "certificate") else { return false };
        let Some(verifier) = self.verifier(kind) else { return false };
        let key = UnparsedPublicKey::new(verifier, &key.subject_public_key.data);
        key.verify(message, signature).is_ok()
    }

    fn verifier(self, key: KeyKind) -> Option<&'static dyn VerificationAlgorithm> {
        Some(match (self, key) {
            (Self::Rsa(Hash::Sha256), KeyKind::Rsa { .. }) => {
                &verifiers::RSA_PKCS1_2048_8192_SHA256
            }
            (Self::Rsa(Hash::Sha384), KeyKind::Rsa { .. }) => {
                &verifiers::RSA_PKCS1_2048_8192_SHA384
            }
            (Self::Rsa(Hash::Sha512), KeyKind::Rsa { .. }) => {
                &verifiers::RSA_PKCS1_2048_8192_SHA512
            }
            (Self::Ecdsa(Hash::Sha256), KeyKind::EcP256) => &verifiers::ECDSA_P256_SHA256_ASN1,
            (Self::Ecdsa(Hash::Sha384), KeyKind::EcP256) => &verifiers::ECDSA_P256_SHA384_ASN1,
            (Self::Ecdsa(Hash::Sha512), KeyKind::EcP256) => &verifiers::ECDSA_P256_SHA512_ASN1,
            (Self::Ecdsa(Hash::Sha256), KeyKind::EcP384) => &verifiers::ECDSA_P384_SHA256_ASN1,
            (Self::Ecdsa(Hash::Sha384), KeyKind::EcP384) => &verifiers::ECDSA_P384_SHA384_ASN1,
            (Self::Ecdsa(Hash::Sha512), KeyKind::EcP384) => &verifiers::ECDSA_P384_SHA512_ASN1,
            (Self::Ecdsa(Hash::Sha256), KeyKind::EcP521) => &verifiers::ECDSA_P521_SHA256_ASN1,
            (Self::Ecdsa(Hash::Sha384), KeyKind::EcP521) => &verifiers::ECDSA_P521_SHA384_ASN1,
            (Self::Ecdsa(Hash::Sha512), KeyKind::EcP521) => &verifiers::ECDSA_P521_SHA512_ASN1,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_of_a_modulus_does_not_count_leading_zeros() {
        assert_eq!(bit_length(&[]), 0);
        assert_eq!(bit_length(&[0, 0]), 0);
        assert_eq!(bit_length(&[0, 1]), 1);
        assert_eq!(bit_length(&[0, 0x80, 0]), 16);
    }
}
