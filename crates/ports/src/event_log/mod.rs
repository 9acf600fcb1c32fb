//! A durable, partitioned, append-only log. Acknowledged means fsynced.

#[cfg(feature = "testsuite")]
#[expect(clippy::unwrap_used, reason = "a conformance suite is test code")]
pub mod conformance;

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use picket_core::{Classified, ErrorCode};

/// A place in one partition of a log. The first record of a partition has sequence 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The partition.
    pub partition: u16,
    /// The record's number in it.
    pub sequence: u64,
}

/// A record that was read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRecord {
    /// Where it stands.
    pub position: Position,
    /// What was appended, byte for byte.
    pub payload: Bytes,
}

/// Why a log could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The disk is full; nothing of the batch was kept.
    #[error("the disk that holds log `{log}` is full")]
    DiskFull {
        /// The log's name.
        log: String,
    },
    /// The record is larger than the log takes.
    #[error("a record of {bytes} bytes is larger than the {bytes_max} bytes log `{log}` takes")]
    TooLarge {
        /// The log's name.
        log: String,
        /// The record's size.
        bytes: usize,
        /// The limit.
        bytes_max: usize,
    },
    /// The engine underneath failed. The log may refuse everything until a restart.
    #[error("log `{log}` failed: {cause}")]
    Storage {
        /// The log's name.
        log: String,
        /// The engine's words.
        cause: String,
    },
    /// The log is being closed.
    #[error("log `{log}` is closed")]
    Closed {
        /// The log's name.
        log: String,
    },
}

impl Classified for LogError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::TooLarge { .. } => ErrorCode::LimitExceeded,
            Self::DiskFull { .. } | Self::Storage { .. } | Self::Closed { .. } => {
                ErrorCode::Unavailable
            }
        }
    }
}

/// One log. Handles are shared; all methods may be called from any task.
#[async_trait]
pub trait EventLog: std::fmt::Debug + Send + Sync {
    /// The log's name, as it stands in trace ids.
    fn name(&self) -> &str;

    /// How many partitions the log has; at least 1.
    fn partitions(&self) -> u16;

    /// Appends `records` to one partition, in order, all or none, and returns the position of the
    /// first. Resolves only after the records are on stable storage. Appends of concurrent callers
    /// share an fsync (group commit).
    async fn append(&self, partition: u16, records: Vec<Bytes>) -> Result<Position, LogError>;

    /// Reads records from `from` (inclusive) on, oldest first: at most `records_max` and, after the
    /// first, at most `bytes_max` bytes. Records that were trimmed away are skipped. Empty at the end.
    async fn read(
        &self,
        from: Position,
        records_max: usize,
        bytes_max: usize,
    ) -> Result<Vec<LogRecord>, LogError>;

    /// Resolves when the partition holds a durable record with a sequence of at least `sequence`.
    async fn wait_for(&self, position: Position);

    /// The sequence the next appended record will get; 1 for an empty partition.
    fn next_sequence(&self, partition: u16) -> u64;

    /// Forgets all records before `before`. Space is given back in time.
    async fn trim(&self, before: Position) -> Result<(), LogError>;
}

/// Opens logs by name. Opening the same name twice gives the same log.
#[async_trait]
pub trait EventLogs: std::fmt::Debug + Send + Sync {
    /// Opens or creates the log `name` (`[a-z0-9-]+`). The number of partitions is fixed at creation;
    /// a different one later is an error.
    async fn open(&self, name: &str, partitions: u16) -> Result<Arc<dyn EventLog>, LogError>;
}

/// The partition that `key` (a thing name, say) belongs to. Stable across versions: FNV-1a, 64 bit.
pub fn partition_of(key: &str, partitions: u16) -> u16 {
    let hash = key.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    u16::try_from(hash % u64::from(partitions.max(1))).unwrap_or(0)
}
