//! Whether an authority has signed a certificate.

use std::collections::HashMap;

use picket_core::{CertificateId, Timestamp};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::FromDer;
use x509_parser::x509::SubjectPublicKeyInfo;

use crate::signature::SignatureKind;
use crate::text::CERTIFICATE;
use crate::{KeyKind, ReadError, Registrable, facts, writing};

const WHAT: &str = CERTIFICATE.what;

/// Why an authority is not the signer of a certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotSigned {
    /// The certificate cannot be read, or is signed with an algorithm that is not taken.
    #[error(transparent)]
    Unreadable(#[from] ReadError),
    /// It names another authority.
    #[error("the certificate names another issuer than the certificate authority's subject")]
    OtherIssuer,
    /// It names another key of an authority of that name.
    #[error("the certificate names another key of its issuer than the certificate authority's")]
    OtherKey,
    /// It names this authority, which did not sign it.
    #[error("the certificate's signature was not made by the certificate authority it names")]
    BadSignature,
}

/// An authority, as far as checking its signatures takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    id: CertificateId,
    subject: Vec<u8>,
    public_key: Vec<u8>,
    key_id: Option<Vec<u8>>,
    not_before: Timestamp,
    not_after: Timestamp,
}

impl Signer {
    /// Reads an authority's certificate, PEM.
    pub fn read(pem: &str) -> Result<Self, ReadError> {
        Self::new(&Registrable::read(pem)?)
    }

    /// The authority whose certificate this is. [`ReadError::NoAuthority`] if it may not sign others.
    pub fn new(certificate: &Registrable) -> Result<Self, ReadError> {
        let facts = &certificate.facts;
        if !facts.is_authority {
            return Err(ReadError::NoAuthority);
        }
        let parsed = facts::parse(&certificate.der)?;
        Ok(Self {
            id: facts.id.clone(),
            subject: facts.subject.clone(),
            public_key: parsed.public_key().raw.to_vec(),
            key_id: facts.key_id.clone(),
            not_before: facts.not_before,
            not_after: facts.not_after,
        })
    }

    /// SHA-256 of its certificate.
    pub fn id(&self) -> &CertificateId {
        &self.id
    }

    /// Its name, DER.
    pub fn subject(&self) -> &[u8] {
        &self.subject
    }

    /// Begin of its certificate's validity.
    pub fn not_before(&self) -> Timestamp {
        self.not_before
    }

    /// End of its certificate's validity.
    pub fn not_after(&self) -> Timestamp {
        self.not_after
    }

    /// Whether `now` lies within the validity of its certificate.
    pub fn is_valid_at(&self, now: Timestamp) -> bool {
        self.not_before <= now && now <= self.not_after
    }

    /// Checks that it has signed the certificate `der`.
    pub fn check(&self, der: &[u8]) -> Result<(), NotSigned> {
        self.check_parsed(&facts::parse(der)?)
    }

    /// The certificate `der`, which this authority has signed, with the other of the two signatures that
    /// ECDSA has for one signing: as good as the first, and with another id. `None` for RSA, which has one.
    pub fn twin_of(&self, der: &[u8]) -> Option<Vec<u8>> {
        let (_, key) = SubjectPublicKeyInfo::from_der(&self.public_key).ok()?;
        writing::twin(&facts::parse(der).ok()?, KeyKind::of(&key, WHAT).ok()?)
    }

    fn check_parsed(&self, certificate: &X509Certificate<'_>) -> Result<(), NotSigned> {
        if certificate.issuer().as_raw() != self.subject {
            return Err(NotSigned::OtherIssuer);
        }
        if let (Some(named), Some(own)) = (issuer_key_id(certificate), &self.key_id)
            && named != own.as_slice()
        {
            return Err(NotSigned::OtherKey);
        }
        let kind = SignatureKind::of(&certificate.signature_algorithm, WHAT)?;
        let (_, key) = SubjectPublicKeyInfo::from_der(&self.public_key)
            .map_err(|_| ReadError::BadDer(WHAT))?;
        let signed = certificate.tbs_certificate.as_ref();
        if !kind.is_by(&key, signed, &certificate.signature_value.data) {
            return Err(NotSigned::BadSignature);
        }
        Ok(())
    }
}

fn issuer_key_id<'a>(certificate: &'a X509Certificate<'_>) -> Option<&'a [u8]> {
    certificate.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::AuthorityKeyIdentifier(id) => id.key_identifier.as_ref().map(|id| id.0),
        _ => None,
    })
}

/// Authorities by name: finds the one that signed a certificate among any number of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Signers {
    by_subject: HashMap<Vec<u8>, Vec<Signer>>,
}

impl Signers {
    /// Adds an authority.
    pub fn add(&mut self, signer: Signer) {
        self.by_subject.entry(signer.subject.clone()).or_default().push(signer);
    }

    /// Those with the name `subject`, DER.
    pub fn named(&self, subject: &[u8]) -> &[Signer] {
        self.by_subject.get(subject).map_or(&[], Vec::as_slice)
    }

    /// The authority that has signed the certificate `der`. Costs next to nothing for a certificate
    /// that names none of them, else one check of a signature for each that shares name and key id.
    pub fn signer_of(&self, der: &[u8]) -> Option<&Signer> {
        if self.by_subject.is_empty() {
            return None;
        }
        let certificate = facts::parse(der).ok()?;
        let named = self.named(certificate.issuer().as_raw());
        KeyKind::of(certificate.public_key(), WHAT).ok()?;
        named.iter().find(|signer| signer.check_parsed(&certificate).is_ok())
    }
}

impl FromIterator<Signer> for Signers {
    fn from_iter<T: IntoIterator<Item = Signer>>(signers: T) -> Self {
        let mut all = Self::default();
        signers.into_iter().for_each(|signer| all.add(signer));
        all
    }
}
