//! The view in use.

mod follower;

use std::sync::Arc;

use arc_swap::ArcSwap;
use parking_lot::RwLock;
use picket_core::{CertificateId, Tasks};
use picket_ports::RegistryError;
use picket_ports::directory::{
    CertificateEntry, Directory, DirectoryChange, Principal, ThingEntry,
};
use picket_ports::registry::Registry;
use tokio::sync::{broadcast, watch};

use crate::authorities::WelcomedAuthorities;
use crate::view::{Announcements, View};
use follower::Follower;

/// More than one change names one by one, so that naming many does not outrun those who listen.
const CHANGES_KEPT: usize = 4_096;

/// The registry as the front door sees it, in memory.
///
/// Reads wait for nothing but the few microseconds in which a change is made. Changes are announced
/// after the view holds them, and before [`Self::caught_up`] resolves.
#[derive(Debug)]
pub struct LiveDirectory {
    view: RwLock<View>,
    welcomed: ArcSwap<WelcomedAuthorities>,
    changes: broadcast::Sender<DirectoryChange>,
    seen: watch::Sender<u64>,
    tasks: Tasks,
}

impl LiveDirectory {
    /// Loads the registry and follows it until `tasks` stops.
    pub async fn follow(
        registry: Arc<dyn Registry>,
        tasks: &Tasks,
    ) -> Result<Arc<Self>, RegistryError> {
        // From before the snapshot, so that nothing is missed in between.
        let feed = registry.changes();
        let directory = Arc::new(Self::empty(tasks));
        let mut follower = Follower::new(registry, Arc::clone(&directory), feed);
        follower.load().await?;
        let stop = tasks.clone();
        tasks.spawn("registry view", async move {
            tokio::select! {
                () = stop.stopping() => {}
                () = follower.run() => {}
            }
        });
        Ok(directory)
    }

    fn empty(tasks: &Tasks) -> Self {
        Self {
            view: RwLock::default(),
            welcomed: ArcSwap::default(),
            changes: broadcast::Sender::new(CHANGES_KEPT),
            seen: watch::Sender::new(0),
            tasks: tasks.clone(),
        }
    }

    /// Resolves when the view holds every change up to `revision` and has announced it; see
    /// [`picket_ports::registry::Feed::revision`]. Resolves as well when the view is not followed any
    /// more, which is when the server stops.
    pub async fn caught_up(&self, revision: u64) {
        let mut seen = self.seen.subscribe();
        tokio::select! {
            biased;
            _ = seen.wait_for(|seen| *seen >= revision) => {}
            () = self.tasks.stopping() => {
                tracing::debug!(revision, "the registry view is not followed any more");
            }
        }
    }

    fn announce(&self, told: Announcements) {
        for change in told.into_changes() {
            // Nobody may be listening, which is fine.
            self.changes.send(change).ok();
        }
    }

    fn has_seen(&self, revision: u64) {
        self.seen.send_if_modified(|seen| {
            let is_later = *seen < revision;
            *seen = revision.max(*seen);
            is_later
        });
    }
}

impl Directory for LiveDirectory {
    fn certificate(&self, id: &CertificateId) -> Option<CertificateEntry> {
        self.view.read().certificate(id)
    }

    fn principal(&self, certificate: &CertificateId, client_id: &str) -> Principal {
        self.view.read().principal(certificate, client_id)
    }

    fn only_thing(&self, certificate: &CertificateId) -> Option<Arc<ThingEntry>> {
        self.view.read().only_thing(certificate)
    }

    fn is_welcome(&self, der: &[u8]) -> bool {
        self.welcomed.load().have_signed(der)
    }

    fn is_registered(&self, name: &str) -> bool {
        self.view.read().is_registered(name)
    }

    fn groups_of(&self, thing: &str) -> Vec<String> {
        self.view.read().groups_of(thing)
    }

    fn changes(&self) -> broadcast::Receiver<DirectoryChange> {
        self.changes.subscribe()
    }
}

#[cfg(test)]
mod tests;
