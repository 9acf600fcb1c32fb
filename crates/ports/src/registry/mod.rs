//! What people configure: things, groups, certificates, policies, and named documents (security
//! profiles, topic rules, delivery streams, …).

#[cfg(feature = "testsuite")]
#[expect(clippy::unwrap_used, reason = "a conformance suite is test code")]
pub mod conformance;

use async_trait::async_trait;
use picket_core::{CertificateId, Classified, ErrorCode, PolicyName, ThingName, Timestamp};
use serde::{Deserialize, Serialize};

/// A registered device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thing {
    /// Its name, which devices use as client id.
    pub name: ThingName,
    /// Its type's name.
    pub type_name: Option<String>,
    /// Attribute pairs in name order.
    pub attributes: Vec<(String, String)>,
    /// When it was created.
    pub created: Timestamp,
}

/// A static thing group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThingGroup {
    /// Its name.
    pub name: String,
    /// The group it lies in.
    pub parent: Option<String>,
    /// When it was created.
    pub created: Timestamp,
}

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
}

impl CertificateStatus {
    /// AWS's spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Inactive => "INACTIVE",
            Self::Revoked => "REVOKED",
        }
    }

    /// Reads AWS's spelling.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Active, Self::Inactive, Self::Revoked]
            .into_iter()
            .find(|status| status.as_str() == text)
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
    /// End of validity.
    pub not_after: Timestamp,
    /// When it was registered.
    pub created: Timestamp,
}

/// An IoT policy's default version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Its name.
    pub name: PolicyName,
    /// The JSON document.
    pub document: String,
    /// When it was created.
    pub created: Timestamp,
}

/// Kinds of named documents. Each engine owns the format of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DocumentKind {
    /// AWS shape of `CreateSecurityProfile` (spec device-defender §3.1), plus `targets`, a list of ARNs.
    SecurityProfile,
    /// AWS shape of a topic rule payload (spec iot-core §5.1).
    TopicRule,
    /// AWS shape of `CreateDeliveryStream` (spec delivery §1).
    DeliveryStream,
    /// Shape of a custom metric (spec device-defender §3.4).
    CustomMetric,
    /// A SIEM index.
    Index,
    /// A HEC token.
    HecToken,
    /// A person who may log in to the console.
    User,
}

impl DocumentKind {
    /// The name used in storage and in messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SecurityProfile => "security-profile",
            Self::TopicRule => "topic-rule",
            Self::DeliveryStream => "delivery-stream",
            Self::CustomMetric => "custom-metric",
            Self::Index => "index",
            Self::HecToken => "hec-token",
            Self::User => "user",
        }
    }
}

/// A named document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Its kind.
    pub kind: DocumentKind,
    /// Its name, unique within the kind.
    pub name: String,
    /// JSON text.
    pub body: String,
    /// 1 at creation, one more with each change.
    pub version: u64,
    /// When it was created.
    pub created: Timestamp,
    /// When it was last changed.
    pub modified: Timestamp,
}

/// What a policy can be attached to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PolicyTarget {
    /// A certificate.
    Certificate(CertificateId),
    /// A thing group.
    Group(String),
}

/// A device with its identity and rights; see [`Registry::enroll`].
#[derive(Debug, Clone, Copy)]
pub struct NewDevice<'a> {
    /// The thing.
    pub thing: &'a Thing,
    /// Its certificate.
    pub certificate: &'a Certificate,
    /// The policy its certificate gets.
    pub policy: &'a PolicyName,
    /// The group it joins.
    pub group: &'a str,
}

/// Why the registry could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// It is not there.
    #[error("{kind} `{name}` does not exist")]
    NotFound {
        /// `thing`, `thing group`, `certificate`, `policy`, or the document kind.
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// It is there already.
    #[error("{kind} `{name}` exists already")]
    AlreadyExists {
        /// As in `NotFound`.
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// Somebody changed it in between.
    #[error("{kind} `{name}` is at version {actual}, not {expected}")]
    VersionConflict {
        /// As in `NotFound`.
        kind: &'static str,
        /// Its name.
        name: String,
        /// What the caller expected.
        expected: u64,
        /// What is stored.
        actual: u64,
    },
    /// The database failed.
    #[error("the registry failed: {0}")]
    Storage(String),
}

impl Classified for RegistryError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::NotFound { .. } => ErrorCode::NotFound,
            Self::AlreadyExists { .. } => ErrorCode::AlreadyExists,
            Self::VersionConflict { .. } => ErrorCode::Conflict,
            Self::Storage(_) => ErrorCode::Unavailable,
        }
    }
}

type Result<T> = std::result::Result<T, RegistryError>;

/// A page request: names after `after`, `rows_max` at most, in name order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// Exclusive lower bound.
    pub after: Option<String>,
    /// Most rows.
    pub rows_max: u32,
}

impl Page {
    /// The first page of `rows_max` rows.
    pub const fn first(rows_max: u32) -> Self {
        Self { after: None, rows_max }
    }
}

/// The registry's storage. Every change is durable when its call resolves.
#[async_trait]
pub trait Registry: std::fmt::Debug + Send + Sync {
    /// Adds a thing. `AlreadyExists` if the name is taken.
    async fn create_thing(&self, thing: &Thing) -> Result<()>;
    /// One thing.
    async fn thing(&self, name: &ThingName) -> Result<Thing>;
    /// Things by name.
    async fn things(&self, page: &Page) -> Result<Vec<Thing>>;
    /// How many things there are.
    async fn count_things(&self) -> Result<u64>;
    /// Removes a thing with its attachments and memberships.
    async fn delete_thing(&self, name: &ThingName) -> Result<()>;

    /// Adds a group. `NotFound` if the parent does not exist.
    async fn create_group(&self, group: &ThingGroup) -> Result<()>;
    /// All groups, by name.
    async fn groups(&self) -> Result<Vec<ThingGroup>>;
    /// Puts a thing into a group; fine if it is in it already.
    async fn add_to_group(&self, thing: &ThingName, group: &str) -> Result<()>;
    /// Takes a thing out of a group; fine if it is not in it.
    async fn remove_from_group(&self, thing: &ThingName, group: &str) -> Result<()>;
    /// Direct members of a group as `(thing, group)` pairs; of all groups when `None`.
    async fn memberships(&self, group: Option<&str>) -> Result<Vec<(ThingName, String)>>;

    /// Adds a certificate.
    async fn create_certificate(&self, certificate: &Certificate) -> Result<()>;
    /// One certificate.
    async fn certificate(&self, id: &CertificateId) -> Result<Certificate>;
    /// Certificates by id.
    async fn certificates(&self, page: &Page) -> Result<Vec<Certificate>>;
    /// Changes a certificate's status.
    async fn set_certificate_status(
        &self,
        id: &CertificateId,
        status: CertificateStatus,
    ) -> Result<()>;
    /// Attaches a certificate to a thing; fine if it is attached.
    async fn attach_thing(&self, thing: &ThingName, certificate: &CertificateId) -> Result<()>;
    /// Detaches them; fine if not attached.
    async fn detach_thing(&self, thing: &ThingName, certificate: &CertificateId) -> Result<()>;
    /// All `(thing, certificate)` attachments.
    async fn thing_attachments(&self) -> Result<Vec<(ThingName, CertificateId)>>;

    /// Adds a thing and a certificate and ties them to each other, to the policy and to the group: all
    /// or nothing, as one change. `AlreadyExists` if the thing or the certificate is there,
    /// `NotFound` if the policy or the group is not.
    async fn enroll(&self, device: &NewDevice<'_>) -> Result<()>;

    /// Adds a policy.
    async fn create_policy(&self, policy: &Policy) -> Result<()>;
    /// Replaces the document of a policy's default version.
    async fn replace_policy(&self, name: &PolicyName, document: &str) -> Result<()>;
    /// All policies, by name.
    async fn policies(&self) -> Result<Vec<Policy>>;
    /// Attaches a policy; fine if it is attached.
    async fn attach_policy(&self, policy: &PolicyName, target: &PolicyTarget) -> Result<()>;
    /// Detaches it; fine if not attached.
    async fn detach_policy(&self, policy: &PolicyName, target: &PolicyTarget) -> Result<()>;
    /// All policy attachments.
    async fn policy_attachments(&self) -> Result<Vec<(PolicyName, PolicyTarget)>>;

    /// Adds a document; its version becomes 1.
    async fn create_document(
        &self,
        kind: DocumentKind,
        name: &str,
        body: &str,
        now: Timestamp,
    ) -> Result<Document>;
    /// Replaces a document's body. With `expected_version`, only if that is the stored one.
    async fn replace_document(
        &self,
        kind: DocumentKind,
        name: &str,
        body: &str,
        expected_version: Option<u64>,
        now: Timestamp,
    ) -> Result<Document>;
    /// One document.
    async fn document(&self, kind: DocumentKind, name: &str) -> Result<Document>;
    /// All documents of a kind, by name.
    async fn documents(&self, kind: DocumentKind) -> Result<Vec<Document>>;
    /// Removes a document.
    async fn delete_document(&self, kind: DocumentKind, name: &str) -> Result<()>;

    /// A number that grows with every change made through this handle; wakes those who keep a view.
    fn revision(&self) -> tokio::sync::watch::Receiver<u64>;
}
