//! Opening the data directory.

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use picket_fjall::FjallStore;
use picket_sqlite::SqliteRegistry;

/// The stores of one data directory.
#[derive(Debug)]
pub(crate) struct Storage {
    /// Logs and state.
    pub(crate) store: Arc<FjallStore>,
    /// What people configure.
    pub(crate) registry: Arc<SqliteRegistry>,
}

/// Why the data directory could not be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StorageError {
    /// It could not be made.
    #[error("the data directory {} could not be made", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The logs.
    #[error(transparent)]
    Store(#[from] picket_fjall::OpenError),
    /// The registry.
    #[error("the registry could not be opened")]
    Registry(#[from] picket_ports::RegistryError),
    /// A task ended badly.
    #[error("opening the logs was interrupted")]
    Interrupted,
}

impl Storage {
    /// Opens or creates the directory `data`, mode 0700. Only one process can have it open.
    pub(crate) async fn open(data: &Path) -> Result<Self, StorageError> {
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(data);
        made.map_err(|source| StorageError::Directory { path: data.to_owned(), source })?;
        let logs = data.join("logs");
        let opened = tokio::task::spawn_blocking(move || FjallStore::open(logs));
        let store = Arc::new(opened.await.map_err(|_| StorageError::Interrupted)??);
        let registry = Arc::new(SqliteRegistry::open(data.join("registry.db")).await?);
        Ok(Self { store, registry })
    }
}
