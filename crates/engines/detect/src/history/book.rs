//! Small numbers for series, so that a stored datapoint does not spell its metric out.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::RwLock;
use picket_ports::metric_history::Series;
use picket_ports::{LogError, StateBatch, StateStore};

/// The state store that holds the numbers.
pub(super) const STORE: &str = "detect-series";
/// Pairs read in one go.
const PAGE: usize = 1000;

/// The number of a series. Never given to another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct SeriesId(pub(super) u32);

/// All series that have a number.
#[derive(Debug)]
pub(crate) struct SeriesBook {
    store: Arc<dyn StateStore>,
    entries: RwLock<Entries>,
}

#[derive(Debug, Default)]
struct Entries {
    by_series: HashMap<Series, SeriesId>,
    by_number: Vec<Series>,
    /// Numbers below this are on disk.
    stored: usize,
}

impl SeriesBook {
    /// Reads the numbers given so far.
    pub(super) async fn open(store: Arc<dyn StateStore>) -> Result<Self, LogError> {
        let mut entries = Entries::default();
        let mut after: Option<Vec<u8>> = None;
        loop {
            let page = store.scan(b"", after.as_deref(), PAGE).await?;
            for (key, value) in &page {
                let series = read(value).ok_or_else(|| damaged(key))?;
                entries.add(series);
            }
            match page.into_iter().next_back() {
                Some((key, _)) => after = Some(key),
                None => break,
            }
        }
        entries.stored = entries.by_number.len();
        Ok(Self { store, entries: RwLock::new(entries) })
    }

    /// The number of `series`, given now if it has none. It is on disk before the first value is.
    pub(crate) fn number(&self, series: &Series) -> SeriesId {
        if let Some(number) = self.find(series) {
            return number;
        }
        self.entries.write().add(series.clone())
    }

    /// The number of `series`, if it ever had one.
    pub(super) fn find(&self, series: &Series) -> Option<SeriesId> {
        self.entries.read().by_series.get(series).copied()
    }

    /// The series of a number.
    pub(super) fn series(&self, number: SeriesId) -> Option<Series> {
        self.entries.read().by_number.get(number.0 as usize).cloned()
    }

    /// All series that ever had a number.
    pub(super) fn all(&self) -> Vec<Series> {
        self.entries.read().by_number.clone()
    }

    /// Makes the numbers given since the last call durable.
    pub(super) async fn store_new(&self) -> Result<(), LogError> {
        let mut batch = StateBatch::default();
        let until = {
            let entries = self.entries.read();
            for (number, series) in entries.by_number.iter().enumerate().skip(entries.stored) {
                let number = u32::try_from(number).unwrap_or(u32::MAX);
                batch.put(number.to_be_bytes(), write(series));
            }
            entries.by_number.len()
        };
        if batch.is_empty() {
            return Ok(());
        }
        self.store.commit(batch).await?;
        let mut entries = self.entries.write();
        entries.stored = entries.stored.max(until);
        Ok(())
    }
}

impl Entries {
    fn add(&mut self, series: Series) -> SeriesId {
        let next = SeriesId(u32::try_from(self.by_number.len()).unwrap_or(u32::MAX));
        let number = *self.by_series.entry(series.clone()).or_insert(next);
        if number == next {
            self.by_number.push(series);
        }
        number
    }
}

/// `metric` or `metric NUL dimension NUL operator`, behind the version.
fn write(series: &Series) -> Vec<u8> {
    let mut bytes = vec![1];
    bytes.extend(series.metric.as_bytes());
    if let Some((dimension, operator)) = &series.dimension {
        for part in [dimension, operator] {
            bytes.push(0);
            bytes.extend(part.as_bytes());
        }
    }
    bytes
}

fn read(bytes: &[u8]) -> Option<Series> {
    let text = std::str::from_utf8(bytes.strip_prefix(&[1])?).ok()?;
    let mut parts = text.split('\0').map(str::to_owned);
    let metric = parts.next()?;
    Some(Series { metric, dimension: parts.next().zip(parts.next()) })
}

fn damaged(key: &[u8]) -> LogError {
    let cause = format!("the name of series {} is damaged", hex::encode(key));
    LogError::Storage { log: STORE.to_owned(), cause }
}

#[cfg(test)]
mod tests {
    use picket_fjall::FjallStore;
    use picket_ports::StateStores;

    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_series_has_the_same_number_after_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let states = FjallStore::open(dir.path()).unwrap();
        let plain = Series { metric: "aws:all-bytes-in".to_owned(), dimension: None };
        let dimension = Some(("topics".to_owned(), "NOT_IN".to_owned()));
        let part = Series { metric: "aws:num-messages-sent".to_owned(), dimension };
        let book = SeriesBook::open(states.open_state(STORE).await.unwrap()).await.unwrap();
        let numbers = [book.number(&plain), book.number(&part), book.number(&plain)];
        assert_eq!(numbers, [SeriesId(0), SeriesId(1), SeriesId(0)]);
        book.store_new().await.unwrap();
        let lost = Series { metric: "lost".to_owned(), dimension: None };
        assert_eq!(book.number(&lost), SeriesId(2));
        let again = SeriesBook::open(states.open_state(STORE).await.unwrap()).await.unwrap();
        assert_eq!((again.find(&plain), again.find(&part)), (Some(SeriesId(0)), Some(SeriesId(1))));
        assert_eq!(again.find(&lost), None);
        assert_eq!(again.series(SeriesId(1)), Some(part));
    }
}
