//! Writing events into the SIEM.

use async_trait::async_trait;
use bytes::Bytes;
use picket_core::{Classified, ErrorCode, Timestamp};
use tokio::sync::watch;

/// One event on its way into an index.
#[derive(Debug, Clone, PartialEq)]
pub struct IndexedEvent {
    /// Event time.
    pub time: Timestamp,
    /// The index; must exist.
    pub index: String,
    /// Splunk metadata.
    pub host: String,
    /// Splunk metadata.
    pub source: String,
    /// Splunk metadata.
    pub sourcetype: String,
    /// `_raw`: the text, or the JSON of the event byte for byte as sent.
    pub raw: Bytes,
    /// Index-time fields (HEC `fields`). Two are known by name: `picket_id`, a deterministic id that
    /// makes the SIEM store the event once and count repeats, and `picket_trace`.
    pub fields: Vec<(String, Vec<String>)>,
}

/// Why events were not taken. Nothing of the call was kept.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The index does not exist.
    #[error("index `{0}` does not exist")]
    NoSuchIndex(String),
    /// Too much is waiting to be written.
    #[error("the ingest queue is full")]
    Busy,
    /// The disk or the log failed.
    #[error("the events could not be stored: {0}")]
    Storage(String),
    /// The server is stopping.
    #[error("the server is shutting down")]
    ShuttingDown,
}

impl Classified for IndexError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::NoSuchIndex(_) => ErrorCode::NotFound,
            Self::Busy => ErrorCode::Throttled,
            Self::Storage(_) | Self::ShuttingDown => ErrorCode::Unavailable,
        }
    }
}

/// The SIEM, as senders see it.
#[async_trait]
pub trait EventIndex: std::fmt::Debug + Send + Sync {
    /// Whether an index of this name exists.
    fn has_index(&self, name: &str) -> bool;

    /// Stores `events`, all or none; resolves after the fsync with the sequence that
    /// [`EventIndex::searchable`] must reach before all of them can be found.
    async fn append(&self, events: Vec<IndexedEvent>) -> Result<u64, IndexError>;

    /// The sequence up to which everything appended can be found by a search.
    fn searchable(&self) -> watch::Receiver<u64>;
}
