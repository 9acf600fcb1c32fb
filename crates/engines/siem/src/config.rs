//! Settings of the SIEM.

use std::time::Duration;

use picket_shred::Limits;
use serde::{Deserialize, Serialize};

/// Section `[siem]` of the configuration. Every key may be left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SiemConfig {
    /// A segment is written when this many bytes of events are in memory. Default 64 MiB.
    pub seal_bytes: u64,
    /// … or when the oldest event in memory is this old, in seconds. Default 600.
    pub seal_age_seconds: u64,
    /// Appends are refused as busy while this many bytes wait to be indexed. Default 256 MiB.
    pub pending_bytes_max: u64,
    /// How many `picket_id`s are remembered at most, newest first; 9 to 18 bytes of memory each.
    /// A repeat of a forgotten one is stored again. Default 4,000,000.
    pub dedup_ids_max: usize,
    /// Columns taken from the events of one segment. Default 1000.
    pub columns_max: usize,
    /// Days that events of an index without a `retentionDays` of its own are kept; 0 = for ever.
    /// Default 0.
    pub retention_days: u32,
    /// Memory one search may use, in bytes. Default 512 MiB.
    pub search_memory_bytes_max: usize,
    /// Time one search may take, in seconds. Default 60.
    pub search_seconds_max: u64,
    /// Searches that run at a time; others wait. Default 8.
    pub searches_max: usize,
}

impl Default for SiemConfig {
    fn default() -> Self {
        Self {
            seal_bytes: 64 << 20,
            seal_age_seconds: 600,
            pending_bytes_max: 256 << 20,
            dedup_ids_max: 4_000_000,
            columns_max: 1000,
            retention_days: 0,
            search_memory_bytes_max: 512 << 20,
            search_seconds_max: 60,
            searches_max: 8,
        }
    }
}

impl SiemConfig {
    pub(crate) fn shred_limits(&self) -> Limits {
        Limits { columns_max: self.columns_max, ..Limits::default() }
    }

    pub(crate) fn seal_age(&self) -> Duration {
        Duration::from_secs(self.seal_age_seconds)
    }
}
