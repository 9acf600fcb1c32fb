//! The feed of changes: what keeps views of the registry fresh without reading it again.

use std::sync::Arc;

use async_trait::async_trait;
use picket_core::{CertificateId, PolicyName, ThingName, Timestamp};
use tokio::sync::{broadcast, watch};

use super::{CertificateStatus, DocumentKind, PolicyTarget, Result, Thing};

/// One fact of the registry as it stands after a change. Applying one twice does no harm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegistryChange {
    /// A thing is there, or has changed.
    Thing(Arc<Thing>),
    /// A thing is gone, and with it its memberships and attachments.
    ThingRemoved(ThingName),
    /// A group is there.
    Group {
        /// Its name.
        name: String,
        /// The group it lies in.
        parent: Option<String>,
    },
    /// A group is gone, and with it its memberships and policy attachments.
    GroupRemoved(String),
    /// A thing is in a group, directly.
    Joined(ThingName, String),
    /// A thing is not in a group any more.
    Left(ThingName, String),
    /// A certificate is there, or has changed.
    Certificate {
        /// SHA-256 of the DER, hex.
        id: CertificateId,
        /// Only ACTIVE ones may connect.
        status: CertificateStatus,
        /// End of validity.
        not_after: Timestamp,
    },
    /// A certificate is gone, and with it its policy attachments.
    CertificateRemoved(CertificateId),
    /// A certificate is attached to a thing.
    Attached {
        /// The thing.
        thing: ThingName,
        /// The certificate.
        certificate: CertificateId,
        /// Whether the certificate is this thing's alone.
        is_exclusive: bool,
    },
    /// They are not attached any more.
    Detached(ThingName, CertificateId),
    /// A policy is there with this document in force.
    Policy(PolicyName, Arc<str>),
    /// A policy is gone.
    PolicyRemoved(PolicyName),
    /// A policy is attached.
    PolicyAttached(PolicyName, PolicyTarget),
    /// A policy is not attached there any more.
    PolicyDetached(PolicyName, PolicyTarget),
    /// A document was added, changed or removed; read it to see.
    Document(DocumentKind, String),
}

/// Changes that were committed together.
#[derive(Debug, Clone)]
pub struct ChangeSet {
    /// [`Feed::revision`] after these changes.
    pub revision: u64,
    /// In the order in which they were made.
    pub changes: Arc<[RegistryChange]>,
}

/// How views follow the registry.
#[async_trait]
pub trait Feed: Send + Sync {
    /// Changes from now on. A receiver that lags must take a [`Feed::snapshot`] again.
    fn changes(&self) -> broadcast::Receiver<ChangeSet>;

    /// Calls `visit` with the whole registry as facts: groups, policies, things, certificates and
    /// what ties them, and no documents. Subscribe to [`Feed::changes`] first, then take the
    /// snapshot, then apply the changes: what is seen twice does no harm. Returns the revision the
    /// snapshot holds at least.
    async fn snapshot(&self, visit: &mut (dyn FnMut(RegistryChange) + Send)) -> Result<u64>;

    /// A number that grows with every change made through this handle.
    fn revision(&self) -> watch::Receiver<u64>;

    /// A number that grows with every change of a document; for those who read documents only.
    fn documents_revision(&self) -> watch::Receiver<u64>;
}
