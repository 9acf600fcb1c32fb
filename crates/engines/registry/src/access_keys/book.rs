//! The access keys in memory, and the roles that sessions are of.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ahash::AHashMap;
use async_trait::async_trait;
use parking_lot::RwLock;
use picket_core::{Role, Secret, Tasks, Timestamp};
use picket_ports::registry::{ChangeSet, Document, DocumentKind, Registry, RegistryChange};
use picket_ports::{
    AccessKeys, AssumeError, AssumeRole, KeyOwner, KeyRights, NewRoleSession, RegistryError,
    SignerError,
};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};

use super::AccessKeyStatus;
use super::sessions::{Roles, Sessions};
use super::stored::{KeyRecord, role_of};

const RETRY: Duration = Duration::from_secs(1);
const KINDS: [DocumentKind; 4] =
    [DocumentKind::User, DocumentKind::AccessKey, DocumentKind::ManagedPolicy, DocumentKind::Role];

/// Every access key and the role of its owner, and every IAM role, as the registry has them.
#[derive(Debug)]
pub struct AccessKeyBook {
    pages: RwLock<Pages>,
    sessions: OnceLock<Sessions>,
    seen: watch::Sender<u64>,
    tasks: Tasks,
}

#[derive(Debug, Default)]
struct Pages {
    keys: AHashMap<String, KeyRecord>,
    /// What users may do.
    users: AHashMap<String, Role>,
    /// IAM's roles.
    roles: Roles,
}

impl Pages {
    /// Takes in a document as it stands now. One that cannot be read gives no rights.
    fn put(&mut self, document: &Document) {
        let name = document.name.clone();
        let known = match document.kind {
            DocumentKind::AccessKey => {
                KeyRecord::read(&document.body).map(|key| self.keys.insert(name, key)).is_ok()
            }
            DocumentKind::User => {
                role_of(&document.body).map(|role| self.users.insert(name, role)).is_ok()
            }
            _ => self.roles.put(document).is_ok(),
        };
        if !known {
            let (kind, name) = (document.kind.as_str(), &document.name);
            tracing::error!(kind, name, "a stored document cannot be read; it gives no rights");
            self.remove(document.kind, name);
        }
    }

    fn remove(&mut self, kind: DocumentKind, name: &str) {
        match kind {
            DocumentKind::AccessKey => drop(self.keys.remove(name)),
            DocumentKind::User => drop(self.users.remove(name)),
            _ => self.roles.remove(kind, name),
        }
    }
}

impl AccessKeyBook {
    /// Loads the keys and follows the registry until `tasks` stops.
    pub async fn follow(
        registry: Arc<dyn Registry>,
        tasks: &Tasks,
    ) -> Result<Arc<Self>, RegistryError> {
        let feed = registry.changes();
        let (pages, sessions) = (RwLock::default(), OnceLock::new());
        let (seen, tasks) = (watch::Sender::new(0), tasks.clone());
        let book = Arc::new(Self { pages, sessions, seen, tasks });
        book.load(&*registry).await?;
        let (following, stop) = (Arc::clone(&book), book.tasks.clone());
        book.tasks.spawn("access keys", async move {
            tokio::select! {
                () = stop.stopping() => {}
                () = following.run(&*registry, feed) => {}
            }
        });
        Ok(book)
    }

    /// Begins sessions of roles, which are sealed with `key`, from now on. Whoever has the key can make
    /// sessions of every role; another key ends all there are. The first call counts.
    pub fn seal_sessions_with(&self, key: [u8; 32]) {
        self.sessions.get_or_init(|| Sessions::new(key));
    }

    /// Resolves when the book holds every change up to `revision`, see
    /// [`picket_ports::registry::Feed::revision`], or is not followed any more.
    pub async fn caught_up(&self, revision: u64) {
        let mut seen = self.seen.subscribe();
        tokio::select! {
            biased;
            _ = seen.wait_for(|seen| *seen >= revision) => {}
            () = self.tasks.stopping() => {
                tracing::debug!(revision, "the access keys are not followed any more");
            }
        }
    }

    async fn run(&self, registry: &dyn Registry, mut feed: broadcast::Receiver<ChangeSet>) {
        loop {
            let result = match feed.recv().await {
                Ok(set) => self.apply(registry, &set).await,
                Err(RecvError::Lagged(_)) => self.load(registry).await,
                Err(RecvError::Closed) => return,
            };
            let Err(mut error) = result else { continue };
            loop {
                tracing::error!(%error, "access keys could not be read; those known stay in force");
                tokio::time::sleep(RETRY).await;
                match self.load(registry).await {
                    Ok(()) => break,
                    Err(again) => error = again,
                }
            }
        }
    }

    /// Reads everything anew.
    async fn load(&self, registry: &dyn Registry) -> Result<(), RegistryError> {
        let revision = *registry.revision().borrow();
        let mut pages = Pages::default();
        for kind in KINDS {
            registry.documents(kind).await?.iter().for_each(|document| pages.put(document));
        }
        *self.pages.write() = pages;
        self.has_seen(revision);
        Ok(())
    }

    /// Reads again what has changed.
    async fn apply(&self, registry: &dyn Registry, set: &ChangeSet) -> Result<(), RegistryError> {
        for change in set.changes.iter() {
            let RegistryChange::Document(kind, name) = change else { continue };
            if !KINDS.contains(kind) {
                continue;
            }
            match registry.document(*kind, name).await {
                Ok(document) => self.pages.write().put(&document),
                Err(RegistryError::NotFound { .. }) => self.pages.write().remove(*kind, name),
                Err(error) => return Err(error),
            }
        }
        self.has_seen(set.revision);
        Ok(())
    }

    fn has_seen(&self, revision: u64) {
        self.seen.send_if_modified(|seen| {
            let is_later = *seen < revision;
            *seen = revision.max(*seen);
            is_later
        });
    }
}

#[async_trait]
impl AccessKeys for AccessKeyBook {
    async fn caught_up(&self, revision: u64) {
        self.caught_up(revision).await;
    }

    fn owner(&self, access_key: &str) -> Option<KeyOwner> {
        let pages = self.pages.read();
        let key = pages.keys.get(access_key)?;
        if key.status != AccessKeyStatus::Active {
            return None;
        }
        Some(KeyOwner {
            rights: KeyRights::User(*pages.users.get(&key.user)?),
            user: key.user.clone(),
            access_key: access_key.to_owned(),
            secret: key.secret.clone(),
        })
    }

    fn session(
        &self,
        access_key: &str,
        token: &Secret,
        now: Timestamp,
    ) -> Result<KeyOwner, SignerError> {
        let sessions = self.sessions.get().ok_or(SignerError::NoSuchSession)?;
        sessions.find(&self.pages.read().roles, (access_key, token), now)
    }

    fn assume(
        &self,
        request: AssumeRole<'_>,
        now: Timestamp,
    ) -> Result<NewRoleSession, AssumeError> {
        let sessions = self.sessions.get().ok_or(AssumeError::Unavailable)?;
        sessions.begin(&self.pages.read().roles, request, now)
    }
}
