//! Giving back the space of records that everyone has read and that are old enough.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use picket_core::{Tasks, Timestamp};
use picket_ports::LogError;
use picket_ports::event_log::Position;

use crate::engine::Shared;
use crate::record::ReportsRecord;
use crate::worker::pause;

/// Trims now and then until told to stop.
pub(crate) async fn run(shared: Arc<Shared>, tasks: Tasks) {
    let every =
        (shared.config.retention / 4).clamp(Duration::from_secs(1), Duration::from_secs(60));
    let mut trimmed = vec![1; usize::from(shared.log.partitions())];
    while !tasks.is_stopping() {
        pause(&tasks, every).await;
        for (number, trimmed) in (0..).zip(&mut trimmed) {
            match trim(&shared, number, *trimmed).await {
                Ok(to) => *trimmed = to,
                Err(error) => {
                    tracing::warn!(%error, "old reports could not be removed; trying again")
                }
            }
        }
    }
}

/// Trims one partition, known to begin at `trimmed` at the earliest, and returns where it begins now.
pub(crate) async fn trim(shared: &Shared, number: u16, trimmed: u64) -> Result<u64, LogError> {
    let place = usize::from(number);
    let evaluated = shared.evaluated[place].load(Ordering::Acquire);
    let read_by_all = shared.exported[place].load(Ordering::Acquire).min(evaluated);
    let keep = i64::try_from(shared.config.retention.as_millis()).unwrap_or(i64::MAX);
    let now = shared.clock.now().as_millis();
    let oldest = Timestamp::from_millis(now.saturating_sub(keep));
    // The first record that is young enough, by bisection: records stand in the order of their times.
    let (mut low, mut high) = (trimmed, read_by_all);
    while low < high {
        let middle = low + (high - low) / 2;
        let at = Position { partition: number, sequence: middle };
        let records = shared.log.read(at, 1, 1).await?;
        let young = records.first().is_none_or(|record| {
            record.position.sequence >= high
                || ReportsRecord::read(&record.payload).is_ok_and(|it| it.time() >= oldest)
        });
        if young && records.first().is_none_or(|record| record.position.sequence == middle) {
            high = middle;
        } else if young {
            // Everything from the middle up to this record is trimmed already.
            low = records.first().map_or(high, |record| record.position.sequence.min(high));
            high = low;
        } else {
            low = records.first().map_or(high, |record| record.position.sequence + 1);
        }
    }
    let low = low.min(read_by_all);
    if low > trimmed {
        shared.log.trim(Position { partition: number, sequence: low }).await?;
    }
    Ok(low.max(trimmed))
}
