//! IoT policies with their versions, and what they are attached to.

use std::sync::Arc;

use async_trait::async_trait;
use picket_core::{CertificateId, PolicyName, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Order, Page, Result, Rows};

/// One version of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyVersion {
    /// Counted from 1, never used again.
    pub id: u32,
    /// The JSON document, as given.
    pub document: Arc<str>,
    /// When it was added.
    pub created: Timestamp,
}

/// An IoT policy with all its versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Its name.
    pub name: PolicyName,
    /// Its versions, oldest first; never empty.
    pub versions: Vec<PolicyVersion>,
    /// The id of the version in force; one of `versions`.
    pub default_version: u32,
    /// The highest id ever given.
    pub last_version: u32,
    /// When it was created.
    pub created: Timestamp,
    /// When it was last changed.
    pub modified: Timestamp,
    /// 1 at creation, one more with each change of any kind.
    pub revision: u64,
}

impl Policy {
    /// A policy with one version, number 1.
    pub fn new(name: PolicyName, document: impl Into<Arc<str>>, created: Timestamp) -> Self {
        let version = PolicyVersion { id: 1, document: document.into(), created };
        Self {
            name,
            versions: vec![version],
            default_version: 1,
            last_version: 1,
            created,
            modified: created,
            revision: 1,
        }
    }

    /// The version `id`.
    pub fn version(&self, id: u32) -> Option<&PolicyVersion> {
        self.versions.iter().find(|version| version.id == id)
    }

    /// The document in force. Empty, which gives no rights, if the default version is missing.
    pub fn document(&self) -> Arc<str> {
        self.version(self.default_version).map(|it| Arc::clone(&it.document)).unwrap_or_default()
    }
}

/// What a policy can be attached to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum PolicyTarget {
    /// A certificate.
    Certificate(CertificateId),
    /// A thing group.
    Group(String),
    /// A Cognito identity, `REGION:UUID`. Stored and listed; nothing connects as one.
    Identity(String),
}

/// Storage of policies and their attachments.
#[async_trait]
pub trait Policies: Send + Sync {
    /// Adds a policy. `AlreadyExists`.
    async fn create_policy(&self, policy: &Policy) -> Result<()>;
    /// One policy.
    async fn policy(&self, name: &PolicyName) -> Result<Policy>;
    /// Policies by time of creation, then name.
    async fn policies(&self, order: Order, page: &Page) -> Result<Rows<Policy>>;
    /// Replaces a policy whose stored revision is one less than `policy.revision`, else
    /// `VersionConflict`.
    async fn replace_policy(&self, policy: &Policy) -> Result<()>;
    /// Removes a policy. `InUse` while it is attached.
    async fn delete_policy(&self, name: &PolicyName) -> Result<()>;

    /// Attaches a policy; fine if it is attached. `NotFound` for the policy, a certificate or a group.
    async fn attach_policy(&self, policy: &PolicyName, target: &PolicyTarget) -> Result<()>;
    /// Detaches it; fine if not attached.
    async fn detach_policy(&self, policy: &PolicyName, target: &PolicyTarget) -> Result<()>;
    /// The policies of a target by name.
    async fn policies_of(&self, target: &PolicyTarget, page: &Page) -> Result<Rows<PolicyName>>;
    /// The targets of a policy by kind and name.
    async fn targets_of(&self, policy: &PolicyName, page: &Page) -> Result<Rows<PolicyTarget>>;
}
