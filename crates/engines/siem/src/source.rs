//! What searches read.

use std::sync::Arc;

use datafusion::catalog::TableProvider;
use picket_core::Timestamp;

use crate::engine::Siem;
use crate::table::EventsTable;

/// Which events a search can want; the table may hold more, so that filters still apply.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventRange {
    /// Events from this time on.
    pub earliest: Option<Timestamp>,
    /// Events before this time.
    pub latest: Option<Timestamp>,
    /// Events of these indexes only; all when absent.
    pub indexes: Option<Vec<String>>,
}

/// A snapshot of events that does not change while it is read.
#[derive(Debug, Clone)]
pub struct EventScan {
    /// The fixed columns of [`picket_shred::fixed`] and one for each path in any of the events, by
    /// name. Rows come in no order.
    pub table: Arc<dyn TableProvider>,
    /// Events in it.
    pub rows: u64,
}

/// Events could not be read from memory.
#[derive(Debug, thiserror::Error)]
#[error("the newest events could not be read: {0}")]
pub struct ScanError(String);

impl Siem {
    /// The events of `range` as they stand now. Right after the start this waits until what the log
    /// held has been indexed.
    ///
    /// # Errors
    /// Events in memory could not be put into columns.
    pub async fn scan(&self, range: &EventRange) -> Result<EventScan, ScanError> {
        let shared = &self.shared;
        let mut replayed = shared.replayed.subscribe();
        tokio::select! {
            waited = replayed.wait_for(|replayed| *replayed) => {
                waited.map_err(|error| ScanError(error.to_string()))?;
            }
            () = shared.tasks.stopping() => {
                return Err(ScanError("the server is shutting down".to_owned()));
            }
        }
        let snapshot = shared.view.snapshot().map_err(|error| ScanError(error.to_string()))?;
        let earliest = range.earliest.unwrap_or(Timestamp::from_millis(i64::MIN));
        let latest = range.latest.unwrap_or(Timestamp::from_millis(i64::MAX));
        let is_wanted = |index: &str| {
            range.indexes.as_ref().is_none_or(|wanted| wanted.iter().any(|name| name == index))
        };
        let snapshot = snapshot.pruned(earliest, latest, is_wanted);
        let rows = snapshot.rows();
        let table = Arc::new(EventsTable::new(snapshot, shared.files.clone()));
        Ok(EventScan { table, rows })
    }
}
