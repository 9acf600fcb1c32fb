//! Putting records into a delivery stream.

use async_trait::async_trait;
use bytes::Bytes;
use picket_core::{Classified, ErrorCode, Timestamp, TraceId};

/// One record for a delivery stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The bytes, at most 1,000 KiB.
    pub data: Bytes,
    /// When it arrived.
    pub arrived: Timestamp,
    /// Where its facts came from; see [`crate::Message::traces`].
    pub traces: Vec<TraceId>,
}

/// Proof that a record is durable in its stream's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Firehose's `RecordId`: opaque, 56 digits and a fraction of zeros.
    pub record_id: String,
}

/// Why records were not taken. Nothing of the call was kept.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// No such stream.
    #[error("delivery stream `{0}` does not exist")]
    NoSuchStream(String),
    /// A record breaks a limit.
    #[error(
        "a record of {bytes} bytes is larger than the {bytes_max} bytes a delivery stream takes"
    )]
    TooLarge {
        /// The record's size.
        bytes: usize,
        /// The limit.
        bytes_max: usize,
    },
    /// The stream's log cannot store at the moment.
    #[error("delivery stream `{stream}` cannot store records: {cause}")]
    Unavailable {
        /// The stream.
        stream: String,
        /// The cause, for the log.
        cause: String,
    },
}

impl Classified for DeliveryError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::NoSuchStream(_) => ErrorCode::NotFound,
            Self::TooLarge { .. } => ErrorCode::Invalid,
            Self::Unavailable { .. } => ErrorCode::Unavailable,
        }
    }
}

/// The delivery engine, as producers see it.
#[async_trait]
pub trait Delivery: std::fmt::Debug + Send + Sync {
    /// Appends `records` to the stream's log, in order, all or none. Resolves after the fsync.
    async fn put(&self, stream: &str, records: Vec<Record>) -> Result<Vec<Receipt>, DeliveryError>;
}
