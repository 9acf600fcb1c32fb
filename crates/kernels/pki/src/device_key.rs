//! Key pairs made for devices.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use picket_core::Secret;

use crate::PkiError;
use crate::text::to_pem;

/// A fresh RSA key pair of 2048 bits, as `CreateKeysAndCertificate` hands out.
#[derive(Debug, Clone)]
pub struct DeviceKey {
    /// `PUBLIC KEY`, PEM.
    pub public_key_pem: String,
    /// PKCS#1 (`RSA PRIVATE KEY`), PEM. Kept nowhere else.
    pub private_key_pem: Secret,
    /// The SubjectPublicKeyInfo, DER.
    pub(crate) public_key: Vec<u8>,
    /// What lies in its bit string.
    pub(crate) key_bits: Vec<u8>,
}

impl DeviceKey {
    /// Makes a key pair. Takes a tenth of a second of processor time, more or less by luck: call it
    /// where that holds nothing up.
    pub fn generate() -> Result<Self, PkiError> {
        let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|_| PkiError::KeyGeneration)?;
        let pkcs8: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| PkiError::KeyGeneration)?;
        let public: PublicKeyX509Der<'_> =
            pair.public_key().as_der().map_err(|_| PkiError::KeyGeneration)?;
        let private = pkcs1_of(pkcs8.as_ref()).ok_or(PkiError::KeyGeneration)?;
        Ok(Self {
            public_key_pem: to_pem("PUBLIC KEY", public.as_ref()),
            private_key_pem: Secret::new(to_pem("RSA PRIVATE KEY", &private)),
            public_key: public.as_ref().to_vec(),
            key_bits: pair.public_key().as_ref().to_vec(),
        })
    }
}

/// The `RSAPrivateKey` inside of a `PrivateKeyInfo`.
fn pkcs1_of(pkcs8: &[u8]) -> Option<Vec<u8>> {
    let read = yasna::parse_der(pkcs8, |reader| {
        reader.read_sequence(|reader| {
            reader.next().read_i8()?;
            reader.next().read_der()?;
            reader.next().read_bytes()
        })
    });
    read.ok()
}
