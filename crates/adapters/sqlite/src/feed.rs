//! The feed: what was committed is told to everyone who follows, in the order of the commits.

use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use picket_ports::registry::{ChangeSet, Feed, RegistryChange};
use tokio::sync::{broadcast, watch};

use crate::{Result, SqliteRegistry, snapshot};

// One set is one commit, so this is how many commits a follower may lie behind: some seconds of the
// busiest time.
const SETS_KEPT: usize = 1024;

/// Facts in the order in which they became true.
pub(crate) type Changes = Vec<RegistryChange>;

/// Tells the followers.
#[derive(Debug)]
pub(crate) struct Publisher {
    sets: broadcast::Sender<ChangeSet>,
    revision: watch::Sender<u64>,
    documents_revision: watch::Sender<u64>,
    // Held from before a commit until it is published, so that who holds it sees a database that is
    // exactly at the revision.
    gate: Mutex<()>,
}

impl Publisher {
    pub(crate) fn new() -> Self {
        Self {
            sets: broadcast::Sender::new(SETS_KEPT),
            revision: watch::Sender::new(1),
            documents_revision: watch::Sender::new(1),
            gate: Mutex::new(()),
        }
    }

    /// Keeps the next commit from happening while it is held.
    pub(crate) fn hold(&self) -> MutexGuard<'_, ()> {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn revision(&self) -> u64 {
        *self.revision.borrow()
    }

    /// Tells what one commit changed: the feed first, then the numbers. An empty commit is no news.
    pub(crate) fn publish(&self, changes: Changes) {
        if changes.is_empty() {
            return;
        }
        let is_document = |change: &RegistryChange| matches!(change, RegistryChange::Document(..));
        let has_documents = changes.iter().any(is_document);
        let revision = self.revision() + 1;
        // Nobody may be following, which is fine.
        self.sets.send(ChangeSet { revision, changes: changes.into() }).ok();
        self.revision.send_replace(revision);
        if has_documents {
            self.documents_revision.send_modify(|revision| *revision += 1);
        }
    }
}

#[async_trait]
impl Feed for SqliteRegistry {
    fn changes(&self) -> broadcast::Receiver<ChangeSet> {
        self.publisher.sets.subscribe()
    }

    async fn snapshot(&self, visit: &mut (dyn FnMut(RegistryChange) + Send)) -> Result<u64> {
        snapshot::take(self.readers.open_another(), self.publisher.clone(), visit).await
    }

    fn revision(&self) -> watch::Receiver<u64> {
        self.publisher.revision.subscribe()
    }

    fn documents_revision(&self) -> watch::Receiver<u64> {
        self.publisher.documents_revision.subscribe()
    }
}
