//! The durable logs and state stores of a single machine, on the embedded engine fjall.
//!
//! Everything of one data directory lives in one fjall database with one journal. A single
//! [`committer`] thread writes it: it gathers whatever is waiting – appends of any log, batches of any
//! state store – into one atomic write and one fsync, so the cost of durability is shared by all
//! callers of the moment.
//!
//! A log is a row of [`chunks`], each a keyspace of its own. Trimming drops whole chunks, so a record
//! that was consumed before its chunk reached the disk is never written there a second time.

mod chunks;
mod committer;
mod failure;
mod log;
mod space;
mod state;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use picket_ports::event_log::{EventLog, EventLogs, LogError};
use picket_ports::state_store::{StateStore, StateStores};
use tokio::sync::Mutex;

use crate::committer::Committer;
use crate::failure::storage_error;
use crate::log::FjallLog;
use crate::state::FjallState;

/// Settings of the store. The defaults suit a data directory on a local disk.
#[derive(Debug, Clone)]
pub struct FjallConfig {
    /// A log starts a new chunk when the current one holds this many bytes of payload.
    pub chunk_bytes: u64,
    /// Largest record.
    pub record_bytes_max: usize,
    /// Appends are refused as long as the disk has less free space than this, so that the journal can
    /// always be written to its end.
    pub free_bytes_min: u64,
    /// Upper bound of the journal before memory tables are flushed to the disk.
    pub journal_bytes_max: u64,
}

impl Default for FjallConfig {
    fn default() -> Self {
        Self {
            chunk_bytes: 64 << 20,
            record_bytes_max: 16 << 20,
            free_bytes_min: 256 << 20,
            journal_bytes_max: 256 << 20,
        }
    }
}

/// One open data directory. Dropping the last handle closes it; what was acknowledged is on disk
/// already.
pub struct FjallStore {
    config: FjallConfig,
    database: fjall::Database,
    committer: Arc<Committer>,
    logs: Mutex<HashMap<String, Arc<FjallLog>>>,
    path: PathBuf,
}

impl std::fmt::Debug for FjallStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FjallStore").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Why a data directory could not be opened.
#[derive(Debug)]
pub enum OpenError {
    /// Another process has it open.
    Locked(PathBuf),
    /// The engine could not recover or create it.
    Failed(PathBuf, fjall::Error),
}

impl std::fmt::Display for OpenError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Locked(path) => {
                write!(f, "{} is in use by another picket process", path.display())
            }
            Self::Failed(path, _) => {
                write!(f, "the log store in {} could not be opened", path.display())
            }
        }
    }
}

impl std::error::Error for OpenError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Locked(_) => None,
            Self::Failed(_, cause) => Some(cause),
        }
    }
}

impl FjallStore {
    /// Opens or creates the store in directory `path` with default settings.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        Self::open_with(path, FjallConfig::default())
    }

    /// Opens or creates the store in directory `path`. Recovers what a crash left behind.
    pub fn open_with(path: impl AsRef<Path>, config: FjallConfig) -> Result<Self, OpenError> {
        let path = path.as_ref().to_path_buf();
        let opened = fjall::Database::builder(&path)
            .manual_journal_persist(true)
            .max_journaling_size(config.journal_bytes_max.max(64 << 20))
            .cache_size(16 << 20)
            .worker_threads(2)
            .open();
        let database = opened.map_err(|error| match error {
            fjall::Error::Locked => OpenError::Locked(path.clone()),
            other => OpenError::Failed(path.clone(), other),
        })?;
        let committer = Committer::start(database.clone(), path.clone(), &config)
            .map_err(|error| OpenError::Failed(path.clone(), error))?;
        Ok(Self { config, database, committer: Arc::new(committer), logs: Mutex::default(), path })
    }
}

#[async_trait]
impl EventLogs for FjallStore {
    async fn open(&self, name: &str, partitions: u16) -> Result<Arc<dyn EventLog>, LogError> {
        let mut logs = self.logs.lock().await;
        if let Some(log) = logs.get(name) {
            log.check_partitions(partitions)?;
            return Ok(log.clone());
        }
        let (database, committer, config) =
            (self.database.clone(), self.committer.clone(), self.config.clone());
        let owned = name.to_owned();
        let opened = tokio::task::spawn_blocking(move || {
            FjallLog::open(database, committer, &config, owned, partitions)
        });
        let log = opened.await.map_err(|error| storage_error(name, &error))??;
        log.check_partitions(partitions)?;
        logs.insert(name.to_owned(), log.clone());
        Ok(log)
    }
}

#[async_trait]
impl StateStores for FjallStore {
    async fn open_state(&self, name: &str) -> Result<Arc<dyn StateStore>, LogError> {
        let (database, committer) = (self.database.clone(), self.committer.clone());
        let owned = name.to_owned();
        let opened =
            tokio::task::spawn_blocking(move || FjallState::open(&database, committer, owned));
        let state = opened.await.map_err(|error| storage_error(name, &error))??;
        Ok(Arc::new(state))
    }

    async fn state_names(&self, prefix: &str) -> Result<Vec<String>, LogError> {
        Ok(FjallState::names(&self.database, prefix))
    }

    async fn drop_state(&self, name: &str) -> Result<(), LogError> {
        let (database, owned) = (self.database.clone(), name.to_owned());
        let removed =
            tokio::task::spawn_blocking(move || FjallState::remove(&database, &owned)).await;
        removed.map_err(|error| storage_error(name, &error))?
    }
}

#[cfg(test)]
mod tests;
