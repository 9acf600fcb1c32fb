//! Opening the database file.

use std::fs::{OpenOptions, Permissions};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::time::Duration;

use picket_ports::RegistryError;
use rusqlite::{Connection, OpenFlags};

use crate::failure::Failure;

const OWNER_ONLY: u32 = 0o600;
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
const STATEMENTS_CACHED: usize = 96;

// Pages are 4 KiB. The operating system caches the file too, and better: it shares its cache between
// connections and gives it back. So ours stay small, and no memory is mapped.
const WRITER_CACHE_KIB: u32 = 16 * 1024;
const READER_CACHE_KIB: u32 = 2 * 1024;
// Checkpoints write each page once however often it changed, so fewer are cheaper.
const CHECKPOINT_PAGES: u32 = 8 * 1024;
// What a long read made the log grow to is given back.
const LOG_BYTES_KEPT: u32 = 64 * 1024 * 1024;

/// Opens the one connection that writes, and creates the file if need be.
pub(crate) fn open_for_writing(path: &Path) -> Result<Connection, RegistryError> {
    keep_private(path).map_err(|error| {
        RegistryError::Storage(format!("{} cannot be opened: {error}", path.display()))
    })?;
    let database = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(Failure::from)?;
    let settings = format!(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = ON;
         PRAGMA temp_store = MEMORY;
         PRAGMA cache_size = -{WRITER_CACHE_KIB};
         PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES};
         PRAGMA journal_size_limit = {LOG_BYTES_KEPT};"
    );
    database.execute_batch(&settings).map_err(Failure::from)?;
    Ok(database)
}

/// Opens a connection that only reads.
pub(crate) fn open_for_reading(path: &Path) -> rusqlite::Result<Connection> {
    let database = open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let settings = format!(
        "PRAGMA query_only = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -{READER_CACHE_KIB};"
    );
    database.execute_batch(&settings)?;
    Ok(database)
}

fn open(path: &Path, access: OpenFlags) -> rusqlite::Result<Connection> {
    // A connection is used by one thread at a time, so SQLite's own locking is not needed. The path is
    // a path and no URI, whatever it looks like.
    let database = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    database.busy_timeout(BUSY_TIMEOUT)?;
    database.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
    Ok(database)
}

/// The file and its companions (which take its mode) are for the owner only.
fn keep_private(path: &Path) -> std::io::Result<()> {
    let file =
        OpenOptions::new().read(true).append(true).create(true).mode(OWNER_ONLY).open(path)?;
    if file.metadata()?.permissions().mode() & 0o777 != OWNER_ONLY {
        file.set_permissions(Permissions::from_mode(OWNER_ONLY))?;
    }
    Ok(())
}
