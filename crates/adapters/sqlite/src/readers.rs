//! Connections that only read.

use std::path::PathBuf;
use std::sync::Arc;

use picket_ports::RegistryError;
use rusqlite::Connection;
use std::sync::{Mutex, PoisonError};
use tokio::sync::Semaphore;

use crate::connection;
use crate::failure::{Failure, Outcome};

const CONNECTIONS_MAX: u32 = 4;

/// A few connections, opened when first needed and used one caller at a time.
#[derive(Debug)]
pub(crate) struct Readers {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
}

impl Readers {
    pub(crate) fn new(path: PathBuf) -> Self {
        let permits = Arc::new(Semaphore::new(CONNECTIONS_MAX as usize));
        Self { shared: Arc::new(Shared { path, idle: Mutex::default(), permits }) }
    }

    /// Runs `operation` on a thread that may block.
    pub(crate) async fn read<T, F>(&self, operation: F) -> Result<T, RegistryError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Outcome<T> + Send + 'static,
    {
        let permit = self.shared.permits.clone().acquire_owned().await.map_err(|_| closed())?;
        let shared = self.shared.clone();
        let reading = tokio::task::spawn_blocking(move || {
            let database = shared.take()?;
            let outcome = operation(&database);
            shared.idle.lock().unwrap_or_else(PoisonError::into_inner).push(database);
            drop(permit);
            outcome
        });
        let outcome = reading.await.map_err(|error| RegistryError::Storage(error.to_string()))?;
        outcome.map_err(RegistryError::from)
    }

    /// A connection of its own, for a read that takes long.
    pub(crate) fn open_another(&self) -> impl Fn() -> Outcome<Connection> + Send + Sync + 'static {
        let shared = self.shared.clone();
        move || Ok(connection::open_for_reading(&shared.path)?)
    }

    /// Waits for running reads and closes the connections.
    pub(crate) async fn close(&self) {
        let all = self.shared.permits.acquire_many(CONNECTIONS_MAX).await;
        self.shared.permits.close();
        drop(all);
        self.shared.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Shared {
    fn take(&self) -> Outcome<Connection> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match idle {
            Some(database) => Ok(database),
            None => connection::open_for_reading(&self.path).map_err(Failure::from),
        }
    }
}

fn closed() -> RegistryError {
    RegistryError::Storage("the registry is closed".into())
}
