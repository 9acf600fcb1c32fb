//! The task that follows the documents and the groups, and removes what is too old.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use picket_core::{Tasks, Timestamp};
use picket_ports::directory::DirectoryChange;
use picket_ports::registry::DocumentKind;
use picket_ports::{Registry, RegistryError};
use tokio::sync::broadcast::{self, error::TryRecvError};
use tokio::sync::watch;

use crate::engine::Shared;
use crate::history::Recorder;
use crate::stats::BrokenProfile;
use crate::storage::StorageError;
use crate::watchlist::{Sources, Watchlist};
use crate::worker::pause;

/// How often what is too old is removed.
const PRUNE_EVERY: Duration = Duration::from_secs(60);
/// Changes that follow one another so quickly are taken in together.
const TOGETHER: Duration = Duration::from_millis(100);
/// Elements of all thresholds of a profile. The control plane has the quota; this keeps a document that
/// came another way from taking the machine.
const ELEMENTS_MAX: usize = 100_000;

/// The task's own state.
#[derive(Debug)]
pub(crate) struct Keeper {
    shared: Arc<Shared>,
    recorder: Recorder,
    revision: watch::Receiver<u64>,
    changes: broadcast::Receiver<DirectoryChange>,
    told: HashSet<(String, u64)>,
    pruned: Timestamp,
}

/// What has changed.
#[derive(Debug, Default)]
struct Changed {
    documents: bool,
    groups: bool,
}

impl Keeper {
    /// Loads the profiles.
    pub(crate) async fn open(shared: Arc<Shared>) -> Result<Self, RegistryError> {
        let mut keeper = Self {
            recorder: shared.history.recorder(),
            revision: shared.registry.documents_revision(),
            changes: shared.directory.changes(),
            told: HashSet::new(),
            pruned: shared.clock.now(),
            shared,
        };
        keeper.load().await?;
        Ok(keeper)
    }

    /// Follows until told to stop.
    pub(crate) async fn run(mut self, tasks: Tasks) {
        let mut changed = Changed::default();
        while !tasks.is_stopping() {
            self.notice(&mut changed);
            if changed.documents || changed.groups {
                self.renew(&mut changed).await;
                pause(&tasks, TOGETHER).await;
                continue;
            }
            if let Err(error) = self.prune().await {
                tracing::warn!(%error, "old alarms and datapoints could not be removed; trying again");
            }
            tokio::select! {
                told = self.revision.changed() => match told {
                    Ok(()) => changed.documents = true,
                    Err(_) => pause(&tasks, Duration::from_secs(1)).await,
                },
                told = self.changes.recv() => match told {
                    Err(broadcast::error::RecvError::Closed) => {
                        pause(&tasks, Duration::from_secs(1)).await;
                    }
                    _ => changed.groups = true,
                },
                () = pause(&tasks, Duration::from_secs(1)) => {}
            }
        }
    }

    fn notice(&mut self, changed: &mut Changed) {
        if self.revision.has_changed().unwrap_or(false) {
            self.revision.borrow_and_update();
            changed.documents = true;
        }
        while let Ok(_) | Err(TryRecvError::Lagged(_)) = self.changes.try_recv() {
            changed.groups = true;
        }
    }

    async fn renew(&mut self, changed: &mut Changed) {
        if std::mem::take(&mut changed.documents) {
            // A new list is at a later epoch, and so has the groups of now.
            changed.groups = false;
            if let Err(error) = self.load().await {
                changed.documents = true;
                tracing::warn!(%error, "security profiles cannot be read; the loaded ones stay in force");
            }
        } else if std::mem::take(&mut changed.groups) {
            let renewed = self.shared.watchlist().renewed();
            self.shared.set_watchlist(renewed);
        }
        self.shared.wake.all();
    }

    async fn load(&mut self) -> Result<(), RegistryError> {
        let registry: &dyn Registry = &*self.shared.registry;
        let sources = Sources {
            custom: registry.documents(DocumentKind::CustomMetric).await?,
            dimensions: registry.documents(DocumentKind::Dimension).await?,
            profiles: registry.documents(DocumentKind::SecurityProfile).await?,
        };
        let epoch = self.shared.watchlist().epoch + 1;
        let (list, broken) = Watchlist::load(epoch, &sources, ELEMENTS_MAX);
        for BrokenProfile { kind, name, version, problems } in &broken {
            if self.told.insert((format!("{kind}/{name}"), *version)) {
                let problems = problems.join("; ");
                tracing::error!(kind, %name, version, %problems, "not in force until it is corrected");
            }
        }
        *self.shared.broken.write() = broken;
        let list = list.keeping_in(self.shared.history.book());
        self.shared.cells.look_through(&list.lenses());
        self.shared.set_watchlist(list);
        Ok(())
    }

    /// Removes what is too old, now and then.
    async fn prune(&mut self) -> Result<(), StorageError> {
        let now = self.shared.clock.now();
        if now.since(self.pruned) < PRUNE_EVERY {
            return Ok(());
        }
        self.pruned = now;
        let config = &self.shared.config;
        let keep = i64::try_from(config.history.as_millis()).unwrap_or(i64::MAX);
        let before = Timestamp::from_millis(now.as_millis().saturating_sub(keep));
        self.shared.book.prune(before).await?;
        self.recorder.forget(now, config.datapoints).await?;
        Ok(())
    }
}
