//! The registry of a single machine, in one SQLite file.

mod registry;
mod rows;

use std::path::Path;
use std::time::Duration;

use picket_ports::RegistryError;
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use tokio::sync::watch;

const CONNECTIONS_MAX: u32 = 4;
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// An open registry. Changes are durable (WAL, `synchronous = FULL`) when their call resolves.
#[derive(Debug)]
pub struct SqliteRegistry {
    pool: SqlitePool,
    revision: watch::Sender<u64>,
}

impl SqliteRegistry {
    /// Opens or creates the database file `path` and brings its schema up to date.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, RegistryError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT);
        let pool = SqlitePoolOptions::new()
            .max_connections(CONNECTIONS_MAX)
            .connect_with(options)
            .await
            .map_err(rows::storage)?;
        sqlx::migrate!("./migrations")
            .run(&pool)
            .await
            .map_err(|error| RegistryError::Storage(error.to_string()))?;
        Ok(Self { pool, revision: watch::Sender::new(1) })
    }

    /// Waits for running statements and closes the file.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    fn changed(&self) {
        self.revision.send_modify(|revision| *revision += 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use picket_core::{ThingName, Timestamp};
    use picket_ports::registry::{Registry, Thing, conformance};

    #[tokio::test]
    async fn passes_the_registry_suite() {
        let dir = tempfile::tempdir().unwrap();
        conformance::registry(&SqliteRegistry::open(dir.path().join("registry.db")).await.unwrap())
            .await;
    }

    #[tokio::test]
    async fn what_was_created_is_there_after_reopening() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("registry.db");
        let name = ThingName::new("pump-17").unwrap();
        let thing = Thing {
            name,
            type_name: None,
            attributes: Vec::new(),
            created: Timestamp::from_millis(7),
        };
        let first = SqliteRegistry::open(&file).await.unwrap();
        first.create_thing(&thing).await.unwrap();
        first.close().await;
        let second = SqliteRegistry::open(&file).await.unwrap();
        assert_eq!(second.thing(&thing.name).await.unwrap(), thing);
    }
}
