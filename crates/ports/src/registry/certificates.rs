//! Certificates of devices, and the things they are attached to.

use async_trait::async_trait;
use picket_core::{CertificateId, ThingName, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Order, Page, Result, Rows};

/// A certificate's state (spec iot-core §2.5). Only ACTIVE ones may connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CertificateStatus {
    /// In use.
    Active,
    /// Switched off, may come back.
    Inactive,
    /// Withdrawn for good.
    Revoked,
    /// Registered just in time; somebody has to decide.
    PendingActivation,
}

impl CertificateStatus {
    /// Every state.
    pub const ALL: [Self; 4] =
        [Self::Active, Self::Inactive, Self::Revoked, Self::PendingActivation];

    /// AWS's spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Inactive => "INACTIVE",
            Self::Revoked => "REVOKED",
            Self::PendingActivation => "PENDING_ACTIVATION",
        }
    }

    /// Reads AWS's spelling.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

/// How a certificate was registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CertificateMode {
    /// Issued by us, or signed by a registered CA.
    Default,
    /// Registered without its CA.
    SniOnly,
}

impl CertificateMode {
    /// AWS's spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Default => "DEFAULT",
            Self::SniOnly => "SNI_ONLY",
        }
    }

    /// Reads AWS's spelling.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Default, Self::SniOnly].into_iter().find(|mode| mode.as_str() == text)
    }
}

/// A registered certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// SHA-256 of the DER, hex.
    pub id: CertificateId,
    /// The certificate, PEM.
    pub pem: String,
    /// Its state.
    pub status: CertificateStatus,
    /// The registered CA that signed it; `None` for our own and for those registered without one.
    pub ca: Option<CertificateId>,
    /// How it was registered.
    pub mode: CertificateMode,
    /// Begin of validity.
    pub not_before: Timestamp,
    /// End of validity.
    pub not_after: Timestamp,
    /// When it was registered.
    pub created: Timestamp,
    /// When it was last changed.
    pub modified: Timestamp,
    /// 1 at creation, one more with each change.
    pub version: u64,
}

/// Storage of certificates and their attachments to things.
#[async_trait]
pub trait Certificates: Send + Sync {
    /// Adds a certificate. `AlreadyExists`.
    async fn create_certificate(&self, certificate: &Certificate) -> Result<()>;
    /// One certificate.
    async fn certificate(&self, id: &CertificateId) -> Result<Certificate>;
    /// Certificates by time of registration, then id; of one CA when `ca` is given.
    async fn certificates(
        &self,
        ca: Option<&CertificateId>,
        order: Order,
        page: &Page,
    ) -> Result<Rows<Certificate>>;
    /// How many certificates there are.
    async fn count_certificates(&self) -> Result<u64>;
    /// Replaces a certificate whose stored version is one less than `certificate.version`, else
    /// `VersionConflict`. Only `status` and `modified` may differ besides.
    async fn replace_certificate(&self, certificate: &Certificate) -> Result<()>;
    /// Removes a certificate. `InUse` while it is attached to a thing, and while a policy is
    /// attached to it unless `detach_policies`.
    async fn delete_certificate(&self, id: &CertificateId, detach_policies: bool) -> Result<()>;

    /// Attaches a certificate to a thing; again with another `is_exclusive` changes that.
    /// `NotFound` for either.
    async fn attach_thing(
        &self,
        thing: &ThingName,
        certificate: &CertificateId,
        is_exclusive: bool,
    ) -> Result<()>;
    /// Detaches them; fine if not attached.
    async fn detach_thing(&self, thing: &ThingName, certificate: &CertificateId) -> Result<()>;
    /// The certificates of a thing by id, each with whether the attachment is exclusive.
    async fn certificates_of_thing(
        &self,
        thing: &ThingName,
        page: &Page,
    ) -> Result<Rows<(CertificateId, bool)>>;
    /// The things of a certificate by name, each with whether the attachment is exclusive.
    async fn things_of_certificate(
        &self,
        certificate: &CertificateId,
        page: &Page,
    ) -> Result<Rows<(ThingName, bool)>>;
}
