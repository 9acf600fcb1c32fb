//! The view in use, and the task that keeps it fresh.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use picket_core::{CertificateId, Tasks};
use picket_ports::RegistryError;
use picket_ports::directory::{CertificateEntry, Directory, DirectoryChange, Principal};
use picket_ports::registry::Registry;
use tokio::sync::{broadcast, watch};

use crate::view::View;

const CHANGES_KEPT: usize = 1024;
const RETRY: Duration = Duration::from_secs(1);

/// The registry as the front door sees it. Reads never block.
#[derive(Debug)]
pub struct LiveDirectory {
    view: ArcSwap<View>,
    changes: broadcast::Sender<DirectoryChange>,
    seen: watch::Sender<u64>,
}

impl LiveDirectory {
    /// Loads the registry and follows it until `tasks` stops.
    pub async fn follow(
        registry: Arc<dyn Registry>,
        tasks: &Tasks,
    ) -> Result<Arc<Self>, RegistryError> {
        let mut revision = registry.revision();
        let seen = *revision.borrow_and_update();
        let view = View::load(&*registry, &View::default()).await?;
        let (changes, _) = broadcast::channel(CHANGES_KEPT);
        let directory = Arc::new(Self {
            view: ArcSwap::from_pointee(view),
            changes,
            seen: watch::Sender::new(seen),
        });
        let (following, stop) = (directory.clone(), tasks.clone());
        tasks.spawn("registry view", async move {
            tokio::select! {
                () = stop.stopping() => {}
                () = following.run(&*registry, revision) => {}
            }
        });
        Ok(directory)
    }

    /// Resolves when the view holds every change up to `revision` (see [`Registry::revision`]).
    pub async fn caught_up(&self, revision: u64) {
        let mut seen = self.seen.subscribe();
        if seen.wait_for(|seen| *seen >= revision).await.is_err() {
            tracing::debug!("the registry view is not followed any more");
        }
    }

    async fn run(&self, registry: &dyn Registry, mut revision: watch::Receiver<u64>) {
        while revision.changed().await.is_ok() {
            let seen = *revision.borrow_and_update();
            let before = self.view.load_full();
            match View::load(registry, &before).await {
                Ok(view) => {
                    let changes = view.changes_since(&before);
                    self.view.store(Arc::new(view));
                    self.seen.send_replace(seen);
                    for change in changes {
                        // Nobody may be listening, which is fine.
                        self.changes.send(change).ok();
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "the registry could not be read; the old view stays in force");
                    tokio::time::sleep(RETRY).await;
                    revision.mark_changed();
                }
            }
        }
    }
}

impl Directory for LiveDirectory {
    fn certificate(&self, id: &CertificateId) -> Option<CertificateEntry> {
        self.view.load().certificate(id)
    }

    fn principal(&self, certificate: &CertificateId, client_id: &str) -> Principal {
        self.view.load().principal(certificate, client_id)
    }

    fn is_registered(&self, name: &str) -> bool {
        self.view.load().is_registered(name)
    }

    fn groups_of(&self, thing: &str) -> Vec<String> {
        self.view.load().groups_of(thing).to_vec()
    }

    fn changes(&self) -> broadcast::Receiver<DirectoryChange> {
        self.changes.subscribe()
    }
}
