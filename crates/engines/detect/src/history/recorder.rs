//! Writing datapoints.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use picket_core::Timestamp;
use picket_ports::{LogError, StateBatch, StateStore, StateStores};

use super::book::SeriesBook;
use super::codec::VERSION;
use super::days::{self, Day};
use super::kept::Kept;

/// Bytes written in one batch.
const BATCH_BYTES_MAX: usize = 4 << 20;

/// Days that are held open.
const OPEN_MAX: usize = 2;

/// Writes the datapoints of the worker's rounds, and removes days that are over their time.
#[derive(Debug)]
pub(crate) struct Recorder {
    states: Arc<dyn StateStores>,
    book: Arc<SeriesBook>,
    open: HashMap<Day, Arc<dyn StateStore>>,
}

impl Recorder {
    /// A recorder whose numbers are those of `book`.
    pub(crate) fn new(states: Arc<dyn StateStores>, book: Arc<SeriesBook>) -> Self {
        Self { states, book, open: HashMap::new() }
    }

    /// Stores what was kept; resolves after it is durable. The same records write the same keys, so a
    /// repetition after a failure or a crash does no harm.
    pub(crate) async fn store<'k>(
        &mut self,
        kept: impl IntoIterator<Item = &'k Kept>,
    ) -> Result<(), LogError> {
        self.book.store_new().await?;
        let mut batches: HashMap<Day, (StateBatch, usize)> = HashMap::new();
        for (record, values) in kept.into_iter().flat_map(Kept::records) {
            if record.thing.contains('\0') {
                // MQTT has no such client ids; its key could be taken for another device's.
                continue;
            }
            let day = Day::of(record.at);
            let (batch, bytes) = batches.entry(day).or_default();
            let key = days::key(&record.thing, record.at, (record.sequence, record.origin));
            let mut value = Vec::with_capacity(1 + values.len());
            value.push(VERSION);
            value.extend(values);
            *bytes += key.len() + value.len();
            batch.puts.push((key, value));
            if *bytes >= BATCH_BYTES_MAX {
                let full = std::mem::take(batch);
                *bytes = 0;
                self.commit(day, full).await?;
            }
        }
        for (day, (batch, _)) in batches {
            self.commit(day, batch).await?;
        }
        Ok(())
    }

    /// Removes the days that ended more than `retention` before `now`. Returns how many.
    pub(crate) async fn forget(
        &mut self,
        now: Timestamp,
        retention: Duration,
    ) -> Result<usize, LogError> {
        let mut dropped = 0;
        for name in self.states.state_names(days::PREFIX).await? {
            let Some(day) = Day::of_store(&name) else { continue };
            if now.since(day.end()) >= retention && day.end() < now {
                self.open.remove(&day);
                self.states.drop_state(&name).await?;
                dropped += 1;
            }
        }
        Ok(dropped)
    }

    async fn commit(&mut self, day: Day, batch: StateBatch) -> Result<(), LogError> {
        if batch.is_empty() {
            return Ok(());
        }
        let store = match self.open.get(&day) {
            Some(store) => store.clone(),
            None => {
                let Some(name) = day.store_name() else { return Ok(()) };
                let store = self.states.open_state(&name).await?;
                // Only the newest days are written to; a handle keeps the files of a dropped day.
                while self.open.len() >= OPEN_MAX {
                    let Some(oldest) = self.open.keys().min().copied() else { break };
                    self.open.remove(&oldest);
                }
                self.open.insert(day, store.clone());
                store
            }
        };
        store.commit(batch).await
    }
}

#[cfg(test)]
mod tests {
    use picket_fjall::FjallStore;
    use picket_ports::metric_history::Series;
    use picket_profile::Measured;

    use super::super::book;
    use super::super::kept::Origin;
    use super::*;

    const NOON_MS: i64 = 1_795_694_400_000;

    #[tokio::test(flavor = "multi_thread")]
    async fn records_go_to_the_store_of_their_day_and_days_go_as_a_whole() {
        let dir = tempfile::tempdir().unwrap();
        let states: Arc<dyn StateStores> = Arc::new(FjallStore::open(dir.path()).unwrap());
        let numbers = states.open_state(book::STORE).await.unwrap();
        let book = Arc::new(SeriesBook::open(numbers).await.unwrap());
        let series = Series { metric: "aws:all-bytes-in".to_owned(), dimension: None };
        let number = book.number(&series);
        let mut recorder = Recorder::new(states.clone(), book.clone());
        let mut kept = Kept::default();
        for day in 0..3 {
            let at = Timestamp::from_millis(NOON_MS + day * days::DAY_MS);
            kept.begin(&Arc::from("pump"), at, (day.unsigned_abs(), Origin::Report));
            kept.value(number, &Measured::Count(7));
        }
        recorder.store([&kept]).await.unwrap();
        recorder.store([&kept]).await.unwrap();
        let names = states.state_names(days::PREFIX).await.unwrap();
        assert_eq!(
            names,
            ["detect-points-2026-11-26", "detect-points-2026-11-27", "detect-points-2026-11-28"]
        );
        let store = states.open_state(&names[1]).await.unwrap();
        assert_eq!(store.scan(b"", None, 10).await.unwrap().len(), 1);
        let now = Timestamp::from_millis(NOON_MS + 2 * days::DAY_MS);
        let retention = Duration::from_secs(36 * 3600);
        assert_eq!(recorder.forget(now, retention).await.unwrap(), 1);
        assert_eq!(states.state_names(days::PREFIX).await.unwrap(), names[1..]);
    }
}
