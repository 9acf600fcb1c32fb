//! Asking the SIEM.

use async_trait::async_trait;
use picket_core::{Classified, ErrorCode, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A search as a person typed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchRequest {
    /// SPL, with or without a leading `search`.
    pub spl: String,
    /// Earliest event time as SPL writes it (`-1h`, `@d`, epoch seconds, ISO 8601); absent = all time.
    pub earliest: Option<String>,
    /// Latest event time, exclusive; absent = now.
    pub latest: Option<String>,
    /// "Now" of the job.
    pub now: Timestamp,
    /// Most rows to return.
    pub rows_max: usize,
}

/// A finished search.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SearchResult {
    /// Column names in order.
    pub fields: Vec<String>,
    /// One object per row: field → text, or array of texts for a multivalue; absent cells left out.
    /// Key order follows `fields`.
    pub rows: Vec<Map<String, Value>>,
    /// Whether rows are events (no transforming command ran) or a table.
    pub is_events: bool,
    /// Rows that reached the first transforming command.
    pub event_count: u64,
    /// Events read.
    pub scan_count: u64,
    /// Notes for the user: limits that cut, options that had no effect.
    pub messages: Vec<String>,
    /// Wall time in milliseconds.
    pub duration_ms: u64,
}

/// Why a search gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SearchError {
    /// The text is not a search we can run. The message names the command, function or option and,
    /// where one is near, the right spelling.
    #[error("{message} (line {line}, column {column})")]
    Syntax {
        /// What is wrong.
        message: String,
        /// 1-based line.
        line: u32,
        /// 1-based column, in characters.
        column: u32,
    },
    /// The search ran into its memory, row or time limit.
    #[error("the search was stopped: {0}")]
    Limit(String),
    /// The engine failed.
    #[error("the search failed: {0}")]
    Failed(String),
}

impl Classified for SearchError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Syntax { .. } => ErrorCode::Invalid,
            Self::Limit(_) => ErrorCode::LimitExceeded,
            Self::Failed(_) => ErrorCode::Internal,
        }
    }
}

/// Runs searches. Implemented by the SIEM engine.
#[async_trait]
pub trait Search: std::fmt::Debug + Send + Sync {
    /// Runs one search to its end.
    async fn search(&self, request: SearchRequest) -> Result<SearchResult, SearchError>;
}
