//! Certificate signing requests (PKCS#10).

use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::prelude::FromDer;

use crate::signature::SignatureKind;
use crate::text::{REQUEST, only_block};
use crate::{KeyKind, ReadError};

const WHAT: &str = REQUEST.what;

/// A signing request that was signed with its own key. Its subject and its key go into the certificate
/// as they are; extensions it asks for do not, as on AWS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningRequest {
    pub(crate) subject: Vec<u8>,
    pub(crate) public_key: Vec<u8>,
    pub(crate) key_bits: Vec<u8>,
    /// The kind of its key.
    pub key: KeyKind,
}

impl SigningRequest {
    /// Reads a PEM text of at most 4096 characters.
    pub fn read(pem: &str) -> Result<Self, ReadError> {
        Self::read_der(&only_block(pem, &REQUEST)?)
    }

    /// Reads DER.
    pub fn read_der(der: &[u8]) -> Result<Self, ReadError> {
        let (behind, request) =
            X509CertificationRequest::from_der(der).map_err(|_| ReadError::BadDer(WHAT))?;
        if !behind.is_empty() {
            return Err(ReadError::BytesBehind(WHAT));
        }
        let asked = &request.certification_request_info;
        let key = KeyKind::of(&asked.subject_pki, WHAT)?;
        let signed_with = SignatureKind::of(&request.signature_algorithm, WHAT)?;
        if !signed_with.is_by(&asked.subject_pki, asked.raw, &request.signature_value.data) {
            return Err(ReadError::NotItsOwn);
        }
        Ok(Self {
            subject: asked.subject.as_raw().to_vec(),
            public_key: asked.subject_pki.raw.to_vec(),
            key_bits: asked.subject_pki.subject_public_key.data.to_vec(),
            key,
        })
    }
}
