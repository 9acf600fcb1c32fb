//! The registry of a single machine, in one SQLite file.
//!
//! Writes go through one thread that runs what has come together in one transaction ([`writer`]), so
//! that a change costs a share of a disk flush and is durable when its call resolves. Reads go through
//! a few connections of their own ([`readers`]). One file for each trait of the port.

mod audit_trail;
mod certificates;
mod connection;
mod devices;
mod documents;
mod failure;
mod feed;
mod groups;
mod migrations;
mod paging;
mod policies;
mod readers;
mod rows;
mod snapshot;
mod tags;
mod things;
mod writer;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use picket_ports::RegistryError;
use rusqlite::Connection;

use crate::failure::Outcome;
use crate::feed::{Changes, Publisher};
use crate::readers::Readers;
use crate::writer::Writer;

type Result<T> = std::result::Result<T, RegistryError>;

/// An open registry. Changes are durable (WAL, `synchronous = FULL`) when their call resolves.
#[derive(Debug)]
pub struct SqliteRegistry {
    writer: Writer,
    readers: Readers,
    publisher: Arc<Publisher>,
}

impl SqliteRegistry {
    /// Opens or creates the database file `path`, for its owner only, and brings its schema up to date.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref().to_owned();
        let opened = tokio::task::spawn_blocking(move || Self::open_blocking(path)).await;
        opened.map_err(|error| RegistryError::Storage(error.to_string()))?
    }

    fn open_blocking(path: PathBuf) -> Result<Self> {
        let mut database = connection::open_for_writing(&path)?;
        migrations::run(&mut database)?;
        let publisher = Arc::new(Publisher::new());
        let writer = Writer::start(database, publisher.clone())?;
        Ok(Self { writer, readers: Readers::new(path), publisher })
    }

    /// Waits for running statements and closes the file. Later calls fail.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    /// Runs `operation` in the transaction that is next. It resolves when that is durable.
    async fn write<T, F>(&self, operation: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection, &mut Changes) -> Outcome<T> + Send + 'static,
    {
        self.writer.write(operation).await
    }

    /// Runs `operation` on a connection that only reads.
    async fn read<T, F>(&self, operation: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Outcome<T> + Send + 'static,
    {
        self.readers.read(operation).await
    }
}
