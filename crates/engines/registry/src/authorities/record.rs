//! How an authority is stored: a document of kind [`DocumentKind::Authority`], named by its id.
//!
//! [`DocumentKind::Authority`]: picket_ports::registry::DocumentKind::Authority

use picket_core::{CertificateId, Timestamp};
use picket_pki::{ReadError, Signer};
use picket_ports::registry::{CertificateMode, Document};
use serde::{Deserialize, Serialize};

use crate::{ControlError, RegistrationConfig};

/// The format of [`AuthorityRecord`] that this version writes.
const FORMAT: u32 = 1;

/// An authority's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AuthorityStatus {
    /// Its certificates can be registered.
    Active,
    /// They cannot; those that are registered go on.
    Inactive,
}

impl AuthorityStatus {
    /// AWS's spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Inactive => "INACTIVE",
        }
    }

    /// Reads AWS's spelling.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Active, Self::Inactive].into_iter().find(|status| status.as_str() == text)
    }
}

/// The body of an authority's document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthorityRecord {
    /// 1.
    pub(super) format: u32,
    /// Its certificate, PEM.
    pub certificate_pem: String,
    /// Its state.
    pub status: AuthorityStatus,
    /// Whether certificates it has signed register themselves when they connect.
    pub auto_registration: bool,
    /// How it was registered.
    pub mode: CertificateMode,
    /// What becomes of certificates that register themselves.
    pub registration_config: Option<RegistrationConfig>,
}

/// Why a stored authority is of no use.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityRecordError {
    /// Not JSON of the right shape.
    #[error("the stored CA certificate `{name}` cannot be read: {source}")]
    Body {
        /// The document's name.
        name: String,
        /// The cause.
        #[source]
        source: serde_json::Error,
    },
    /// Written by a later version.
    #[error("the stored CA certificate `{name}` has format {format}; this version knows {FORMAT}")]
    Format {
        /// The document's name.
        name: String,
        /// Its format.
        format: u32,
    },
    /// The certificate in it is none.
    #[error("the stored CA certificate `{name}` cannot be read: {source}")]
    Certificate {
        /// The document's name.
        name: String,
        /// The cause.
        #[source]
        source: ReadError,
    },
}

impl From<AuthorityRecordError> for ControlError {
    fn from(error: AuthorityRecordError) -> Self {
        Self::Internal(error.to_string())
    }
}

impl AuthorityRecord {
    /// A record in the present format.
    pub(crate) const fn new(
        certificate_pem: String,
        status: AuthorityStatus,
        mode: CertificateMode,
    ) -> Self {
        Self {
            format: FORMAT,
            certificate_pem,
            status,
            auto_registration: false,
            mode,
            registration_config: None,
        }
    }

    /// Whether certificates that this authority has signed may introduce themselves.
    pub fn is_welcoming(&self) -> bool {
        self.status == AuthorityStatus::Active && self.auto_registration
    }

    pub(crate) fn to_body(&self) -> Result<String, ControlError> {
        serde_json::to_string(self).map_err(|error| ControlError::Internal(error.to_string()))
    }
}

/// An authority as it is stored, ready for checking signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisteredAuthority {
    /// What is stored.
    pub record: AuthorityRecord,
    /// Checks its signatures.
    pub signer: Signer,
    /// When it was registered.
    pub created: Timestamp,
    /// When it was last changed.
    pub modified: Timestamp,
    /// 1 at registration, one more with each change.
    pub version: u64,
}

impl RegisteredAuthority {
    /// Reads a document of kind `Authority`.
    pub fn from_document(document: &Document) -> Result<Self, AuthorityRecordError> {
        #[derive(Deserialize)]
        struct Versioned {
            format: u32,
        }
        let name = || document.name.clone();
        let body = |source| AuthorityRecordError::Body { name: name(), source };
        let Versioned { format } = serde_json::from_str(&document.body).map_err(body)?;
        if format != FORMAT {
            return Err(AuthorityRecordError::Format { name: name(), format });
        }
        let record: AuthorityRecord = serde_json::from_str(&document.body).map_err(body)?;
        let signer = Signer::read(&record.certificate_pem)
            .map_err(|source| AuthorityRecordError::Certificate { name: name(), source })?;
        Ok(Self {
            record,
            signer,
            created: document.created,
            modified: document.modified,
            version: document.version,
        })
    }

    /// SHA-256 of its certificate.
    pub fn id(&self) -> &CertificateId {
        self.signer.id()
    }
}
