//! Telling a repeated report.

use std::time::Duration;

use picket_core::Timestamp;
use serde::{Deserialize, Serialize};

/// Ids that are remembered however old they are.
const ALWAYS: usize = 4;
/// Ids that are remembered at most: more than a client may have unacknowledged (100), all of which it
/// sends again when the server was killed before its PUBACKs.
const MOST: usize = 128;
/// More than [`ALWAYS`] are remembered of those that came within this time of the newest: a device that
/// reports every minute or less often never has more than one unacknowledged.
const BURST: Duration = Duration::from_secs(60);

/// Ids of the newest reports with their arrivals, newest last.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct ReportIds(pub(super) Vec<(u64, Timestamp)>);

impl ReportIds {
    /// Whether a report with this id was seen lately; if not, it is remembered.
    pub(crate) fn repeats(&mut self, id: u64, at: Timestamp) -> bool {
        let ids = &mut self.0;
        if ids.iter().any(|(other, _)| *other == id) {
            return true;
        }
        // Measured from the newest one before, so that a burst that was cut off by a stop of the server
        // is remembered for as long as the stop takes.
        if let Some((_, newest)) = ids.last().copied() {
            let oldest = ids.iter().take_while(|(_, time)| newest.since(*time) > BURST).count();
            let excess = ids.len().saturating_sub(ALWAYS - 1).min(oldest);
            ids.drain(..excess.max((ids.len() + 1).saturating_sub(MOST)));
        }
        if ids.len() == ids.capacity() && ids.len() < ALWAYS {
            ids.reserve_exact(ALWAYS - ids.len());
        }
        ids.push((id, at));
        false
    }

    /// The id of the newest report.
    pub(crate) fn newest(&self) -> Option<u64> {
        self.0.last().map(|(id, _)| *id)
    }
}
