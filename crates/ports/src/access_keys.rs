//! Who signs requests with SigV4.

use async_trait::async_trait;
use picket_core::{Role, Secret};

/// The owner of an access key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyOwner {
    /// The user's name.
    pub user: String,
    /// What they may do: an admin everything, others read only.
    pub role: Role,
    /// The access key's id.
    pub access_key: String,
    /// The secret that signatures are made with.
    pub secret: Secret,
}

/// Look-up of access keys; in memory, never blocks.
#[async_trait]
pub trait AccessKeys: std::fmt::Debug + Send + Sync {
    /// The owner of an active key of an existing user.
    fn owner(&self, access_key: &str) -> Option<KeyOwner>;

    /// Resolves when [`Self::owner`] answers by every change up to `revision` of the registry; see
    /// [`crate::registry::Feed::revision`].
    async fn caught_up(&self, revision: u64);
}
