//! Durable key-value state whose batches are atomic: an engine stores what it knows together with how
//! far it has read, so that a replay after a crash cannot count anything twice.

#[cfg(feature = "testsuite")]
#[expect(clippy::unwrap_used, reason = "a stand-in for tests")]
pub mod by_hand;
#[cfg(feature = "testsuite")]
#[expect(clippy::unwrap_used, reason = "a conformance suite is test code")]
pub mod conformance;

use std::sync::Arc;

use async_trait::async_trait;

use crate::event_log::LogError;

/// Changes that become durable together or not at all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StateBatch {
    /// Keys to write, with their values.
    pub puts: Vec<(Vec<u8>, Vec<u8>)>,
    /// Keys to remove; a key that is not there is fine.
    pub deletes: Vec<Vec<u8>>,
}

impl StateBatch {
    /// Adds a write. A later write of the same key in one batch wins.
    pub fn put(&mut self, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
        self.puts.push((key.into(), value.into()));
    }

    /// Adds a removal. Removals are applied after the writes of the same batch.
    pub fn delete(&mut self, key: impl Into<Vec<u8>>) {
        self.deletes.push(key.into());
    }

    /// Whether the batch changes nothing.
    pub fn is_empty(&self) -> bool {
        self.puts.is_empty() && self.deletes.is_empty()
    }
}

/// A key range read back: key and value pairs in key order.
pub type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

/// One named store.
#[async_trait]
pub trait StateStore: std::fmt::Debug + Send + Sync {
    /// The value of `key`.
    async fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, LogError>;

    /// Up to `pairs_max` pairs whose key begins with `prefix` and comes after `after` (exclusive; all
    /// when `None`), in key order.
    async fn scan(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        pairs_max: usize,
    ) -> Result<Pairs, LogError>;

    /// Up to `pairs_max` pairs whose key begins with `prefix` and comes before `before` (exclusive; all
    /// when `None`), last key first.
    async fn scan_back(
        &self,
        prefix: &[u8],
        before: Option<&[u8]>,
        pairs_max: usize,
    ) -> Result<Pairs, LogError>;

    /// About how many pairs there are; writes of a key that was there may count again.
    fn pairs_estimate(&self) -> u64;

    /// Applies `batch` atomically; resolves after it is on stable storage.
    async fn commit(&self, batch: StateBatch) -> Result<(), LogError>;
}

/// Opens state stores by name.
#[async_trait]
pub trait StateStores: std::fmt::Debug + Send + Sync {
    /// Opens or creates the store `name` (`[a-z0-9-]+`).
    async fn open_state(&self, name: &str) -> Result<Arc<dyn StateStore>, LogError>;

    /// The names that begin with `prefix` of the stores that were created and not dropped, in order.
    async fn state_names(&self, prefix: &str) -> Result<Vec<String>, LogError>;

    /// Removes the store `name` with all that is in it, at the cost of one change whatever its size; one
    /// that is not there is fine. Whoever opens the name afterwards gets an empty store. What is written
    /// through handles from before is lost.
    async fn drop_state(&self, name: &str) -> Result<(), LogError>;
}
