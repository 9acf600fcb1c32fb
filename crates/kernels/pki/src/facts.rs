//! What can be read off a certificate.

use std::time::Duration;

use picket_core::{CertificateId, Timestamp};
use sha2::{Digest, Sha256};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::FromDer;
use x509_parser::time::ASN1Time;

use crate::signature::{self, SignatureKind};
use crate::text::{CERTIFICATE, CERTIFICATE_BYTES_MAX, only_block, to_pem};
use crate::{KeyKind, ReadError, names, writing};

/// A server certificate is replaced when less than this is left.
const RENEWAL: Duration = Duration::from_secs(30 * 24 * 3600);
/// Longer serial numbers are refused before they are written out as a decimal number.
const SERIAL_BYTES_MAX: usize = 64;
const WHAT: &str = CERTIFICATE.what;

/// What can be read off a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFacts {
    /// SHA-256 of the DER.
    pub id: CertificateId,
    /// Begin of validity.
    pub not_before: Timestamp,
    /// End of validity.
    pub not_after: Timestamp,
    /// DNS names and IP addresses it is good for, as text.
    pub names: Vec<String>,
    /// The first common name of its holder.
    pub common_name: Option<String>,
    /// The holder's name, DER. Two names are the same if these bytes are.
    pub subject: Vec<u8>,
    /// The signer's name, DER.
    pub issuer: Vec<u8>,
    /// Whether it may sign others.
    pub is_authority: bool,
    /// Its key's identifier, if it says.
    pub key_id: Option<Vec<u8>>,
    /// The identifier of the key that signed it, if it says.
    pub issuer_key_id: Option<Vec<u8>>,
}

impl CertificateFacts {
    /// Whether a server that answers to `names` can go on with this certificate of `authority`:
    /// signed by it, good for all of them, and not within 30 days of its end.
    pub fn serves(&self, names: &[String], authority: &Self, now: Timestamp) -> bool {
        let signed = self.issuer_key_id.is_some() && self.issuer_key_id == authority.key_id;
        let named = names.iter().all(|name| self.names.contains(name));
        signed && named && self.not_after.since(now) > RENEWAL
    }

    /// Whether `now` lies within its validity.
    pub fn is_valid_at(&self, now: Timestamp) -> bool {
        self.not_before <= now && now <= self.not_after
    }
}

/// The registry's id of a certificate: SHA-256 of its DER in hex.
pub fn id_of_der(der: &[u8]) -> CertificateId {
    match CertificateId::new(hex::encode(Sha256::digest(der))) {
        Ok(id) => id,
        Err(_) => unreachable!("64 hex digits are a certificate id"),
    }
}

/// Reads the facts off a PEM certificate.
pub fn inspect(pem: &str) -> Result<CertificateFacts, ReadError> {
    inspect_der(&der_of(pem)?)
}

/// Reads the facts off a DER certificate.
pub fn inspect_der(der: &[u8]) -> Result<CertificateFacts, ReadError> {
    Ok(facts_of(&parse(der)?, der))
}

/// The DER in a PEM text that holds one certificate.
pub fn der_of(pem: &str) -> Result<Vec<u8>, ReadError> {
    only_block(pem, &CERTIFICATE)
}

/// The SubjectPublicKeyInfo in a certificate, DER. The certificate may be of any version, and is not
/// checked otherwise.
pub fn public_key_of(der: &[u8]) -> Result<Vec<u8>, ReadError> {
    Ok(parse(der)?.public_key().raw.to_vec())
}

/// A certificate as PEM, the way all of ours are written.
pub fn pem_of(der: &[u8]) -> String {
    to_pem("CERTIFICATE", der)
}

/// A certificate that may be registered: it can be read, and its key and its signature are of kinds
/// that are taken, and it is written in the one way that DER has for it. Who signed it is another question; see [`Signer`](crate::Signer).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registrable {
    /// The certificate.
    pub der: Vec<u8>,
    /// What it says.
    pub facts: CertificateFacts,
    /// The kind of its key.
    pub key: KeyKind,
}

impl Registrable {
    /// Reads a PEM text.
    pub fn read(pem: &str) -> Result<Self, ReadError> {
        Self::read_der(der_of(pem)?)
    }

    /// Reads DER.
    pub fn read_der(der: Vec<u8>) -> Result<Self, ReadError> {
        let certificate = parse(&der)?;
        let key = KeyKind::of(certificate.public_key(), WHAT)?;
        if !signature::is_dsa(&certificate.signature_algorithm) {
            SignatureKind::of(&certificate.signature_algorithm, WHAT)?;
        }
        if !writing::is_the_only(&certificate, &der) {
            return Err(ReadError::OtherWriting);
        }
        let facts = facts_of(&certificate, &der);
        Ok(Self { der, facts, key })
    }

    /// The certificate as PEM, without what may have stood around it.
    pub fn pem(&self) -> String {
        pem_of(&self.der)
    }
}

pub(crate) fn parse(der: &[u8]) -> Result<X509Certificate<'_>, ReadError> {
    if der.len() > CERTIFICATE_BYTES_MAX {
        return Err(ReadError::TooManyBytes(der.len()));
    }
    let (behind, certificate) =
        X509Certificate::from_der(der).map_err(|_| ReadError::BadDer(WHAT))?;
    if !behind.is_empty() {
        return Err(ReadError::BytesBehind(WHAT));
    }
    let serial = certificate.raw_serial().len();
    if serial > SERIAL_BYTES_MAX {
        return Err(ReadError::LongSerial(serial));
    }
    Ok(certificate)
}

fn facts_of(certificate: &X509Certificate<'_>, der: &[u8]) -> CertificateFacts {
    let mut facts = CertificateFacts {
        id: id_of_der(der),
        not_before: timestamp(certificate.validity().not_before),
        not_after: timestamp(certificate.validity().not_after),
        names: Vec::new(),
        common_name: None,
        subject: certificate.subject().as_raw().to_vec(),
        issuer: certificate.issuer().as_raw().to_vec(),
        is_authority: certificate.is_ca(),
        key_id: None,
        issuer_key_id: None,
    };
    let mut common_names = certificate.subject().iter_common_name();
    facts.common_name = common_names.next().map(|it| names::text_of(it.attr_value()));
    for extension in certificate.extensions() {
        match extension.parsed_extension() {
            ParsedExtension::SubjectAlternativeName(it) => {
                facts.names.extend(it.general_names.iter().filter_map(server_name));
            }
            ParsedExtension::SubjectKeyIdentifier(id) => facts.key_id = Some(id.0.to_vec()),
            ParsedExtension::AuthorityKeyIdentifier(id) => {
                facts.issuer_key_id = id.key_identifier.as_ref().map(|id| id.0.to_vec());
            }
            _ => {}
        }
    }
    facts
}

fn timestamp(time: ASN1Time) -> Timestamp {
    Timestamp::from_millis(time.timestamp().saturating_mul(1000))
}

fn server_name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => names::address(bytes),
        _ => None,
    }
}
