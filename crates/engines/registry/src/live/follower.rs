//! The task that keeps the view fresh.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use picket_ports::RegistryError;
use picket_ports::registry::{ChangeSet, DocumentKind, Registry, RegistryChange};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use super::LiveDirectory;
use crate::authorities::WelcomedAuthorities;
use crate::view::{Announcements, View};

const RETRY: Duration = Duration::from_secs(1);
/// Most changes kept while a snapshot is read. With more, the snapshot is read again.
const BACKLOG_MAX: usize = 1 << 20;
/// Members of a removed group that are looked at while nobody can read.
const FORGOTTEN_AT_ONCE: usize = 512;

#[derive(Debug)]
pub(super) struct Follower {
    registry: Arc<dyn Registry>,
    directory: Arc<LiveDirectory>,
    feed: broadcast::Receiver<ChangeSet>,
    /// The authorities could not be read when they had to be.
    authorities_are_stale: bool,
}

/// What came of a snapshot.
enum Snapshot {
    /// It holds everything up to `revision`; these changes came in the meantime.
    Taken { revision: u64, backlog: Vec<ChangeSet> },
    /// More changes came than were kept.
    Outrun,
}

impl Follower {
    /// A follower that has seen nothing. `feed` is from before the first [`Self::load`].
    pub(super) fn new(
        registry: Arc<dyn Registry>,
        directory: Arc<LiveDirectory>,
        feed: broadcast::Receiver<ChangeSet>,
    ) -> Self {
        Self { registry, directory, feed, authorities_are_stale: false }
    }

    /// Applies changes as they come, until there are no more.
    pub(super) async fn run(mut self) {
        loop {
            let next = match self.authorities_are_stale {
                false => self.feed.recv().await,
                true => match tokio::time::timeout(RETRY, self.feed.recv()).await {
                    Ok(next) => next,
                    Err(_) => {
                        self.load_authorities().await;
                        continue;
                    }
                },
            };
            match next {
                Ok(set) => self.apply(&set).await,
                Err(RecvError::Lagged(missed)) => {
                    tracing::warn!(missed, "the registry view fell behind and is loaded again");
                    self.load_again().await;
                }
                Err(RecvError::Closed) => return,
            }
        }
    }

    async fn load_again(&mut self) {
        while let Err(error) = self.load().await {
            tracing::error!(%error, "the registry could not be read; the old view stays in force");
            tokio::time::sleep(RETRY).await;
        }
    }

    /// Reads the whole registry into a new view, puts it in place of the old one, and announces that
    /// anything may have changed.
    pub(super) async fn load(&mut self) -> Result<(), RegistryError> {
        let (view, revision, backlog) = loop {
            let mut view = View::default();
            match self.snapshot(&mut view).await? {
                Snapshot::Taken { revision, backlog } => break (view, revision, backlog),
                Snapshot::Outrun => {
                    tracing::warn!(
                        "the registry changed faster than it could be read; trying again"
                    );
                }
            }
        };
        let told = self.put_in_place(view).await?;
        self.load_authorities().await;
        self.directory.announce(told);
        self.directory.has_seen(revision);
        // What the snapshot holds for certain would only be taken back for a moment.
        for set in backlog.iter().filter(|set| set.revision > revision) {
            self.apply(set).await;
        }
        Ok(())
    }

    /// Compares the views and lets go of the old one, which takes too long for a thread that serves.
    async fn put_in_place(&self, view: View) -> Result<Announcements, RegistryError> {
        let directory = Arc::clone(&self.directory);
        let replaced = tokio::task::spawn_blocking(move || {
            let told = view.replacing(&directory.view.read());
            let before = std::mem::replace(&mut *directory.view.write(), view);
            drop(before);
            told
        });
        replaced.await.map_err(|error| RegistryError::Storage(error.to_string()))
    }

    async fn snapshot(&mut self, view: &mut View) -> Result<Snapshot, RegistryError> {
        let mut told = Announcements::muted();
        let before = &self.directory.view;
        let mut visit = |change| view.adopt(&change, &before.read(), &mut told);
        listening(&mut self.feed, self.registry.snapshot(&mut visit)).await
    }

    async fn apply(&mut self, set: &ChangeSet) {
        let mut told = Announcements::default();
        let graves = {
            let mut view = self.directory.view.write();
            set.changes.iter().for_each(|change| view.apply(change, &mut told));
            view.graves()
        };
        for grave in graves {
            let mut members = grave.members();
            loop {
                let some: Vec<u32> = members.by_ref().take(FORGOTTEN_AT_ONCE).collect();
                if some.is_empty() {
                    break;
                }
                self.directory.view.write().forget(&grave, &some);
            }
            self.directory.view.write().close(&grave);
        }
        let is_authority = |change: &RegistryChange| {
            matches!(change, RegistryChange::Document(DocumentKind::Authority, _))
        };
        if set.changes.iter().any(is_authority) {
            self.load_authorities().await;
        }
        self.directory.announce(told);
        self.directory.has_seen(set.revision);
    }

    /// Authorities are few, so they are read whole.
    async fn load_authorities(&mut self) {
        let loaded = self.registry.documents(DocumentKind::Authority).await;
        self.authorities_are_stale = loaded.is_err();
        match loaded {
            Ok(documents) => {
                let welcomed = WelcomedAuthorities::from_documents(&documents);
                self.directory.welcomed.store(Arc::new(welcomed));
            }
            Err(error) => {
                tracing::error!(%error, "the registered authorities could not be read; trying again");
            }
        }
    }
}

/// Waits for `snapshot` and keeps what the feed brings meanwhile, so that a long snapshot is not
/// outrun by what changes while it is read.
async fn listening(
    feed: &mut broadcast::Receiver<ChangeSet>,
    snapshot: impl Future<Output = Result<u64, RegistryError>>,
) -> Result<Snapshot, RegistryError> {
    let mut snapshot = pin!(snapshot);
    let mut backlog: Vec<ChangeSet> = Vec::new();
    let mut kept = 0;
    loop {
        let next = tokio::select! {
            biased;
            next = feed.recv() => next,
            revision = &mut snapshot => {
                return Ok(Snapshot::Taken { revision: revision?, backlog });
            }
        };
        match next {
            Ok(set) if kept + set.changes.len() <= BACKLOG_MAX => {
                kept += set.changes.len();
                backlog.push(set);
            }
            Ok(_) | Err(RecvError::Lagged(_)) => return Ok(Snapshot::Outrun),
            // Nothing can come any more.
            Err(RecvError::Closed) => {
                return Ok(Snapshot::Taken { revision: snapshot.await?, backlog });
            }
        }
    }
}
