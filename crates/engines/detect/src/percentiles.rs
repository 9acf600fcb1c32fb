//! Making percentiles of what the partitions gathered (spec device-defender §4.2).
//!
//! A percentile is due when every partition has closed its period. It becomes a record in each partition
//! that has values of the period, so that a replay holds them against the same number. Should the server
//! die between two of these appends, the partitions that have read theirs remember it, and after the start
//! the others get the same: no percentile is made before every partition has read all that was in the log
//! at the start.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use picket_core::Timestamp;
use picket_ports::LogError;

use crate::engine::Shared;
use crate::partition::{Gathered, LOG, Partition};
use crate::record::{ReportsRecord, Threshold};
use crate::watchlist::Watchlist;

/// How long percentiles are remembered: longer than anything may wait for one.
const REMEMBERED: Duration = Duration::from_secs(2 * 3600);

/// A behaviour and the end of a period.
type Key = (Timestamp, u64);

/// What is gathered and not appended yet.
#[derive(Debug)]
pub(crate) struct Percentiles(Mutex<Gathering>);

#[derive(Debug, Default)]
struct Gathering {
    /// Up to when each partition has closed its windows; absent until it has read what was in the log at
    /// the start.
    closed: Vec<Option<Timestamp>>,
    values: BTreeMap<Key, BTreeMap<u16, Vec<f64>>>,
    known: HashMap<Key, Threshold>,
    /// By partition.
    to_append: Vec<(u16, Threshold)>,
    /// Being appended at the moment.
    appending: usize,
}

impl Percentiles {
    /// Nothing gathered.
    pub(crate) fn new(partitions: u16) -> Self {
        let closed = vec![None; usize::from(partitions)];
        Self(Mutex::new(Gathering { closed, ..Gathering::default() }))
    }

    /// Takes in what a partition gathered: everything of it that waits for a percentile. It must have read
    /// all that was in the log at the start, and its state must be stored.
    pub(crate) fn gather(&self, partition: &Partition, watchlist: &Watchlist) {
        let Some(until) = partition.progress.closed_until else { return };
        let mut gathering = self.0.lock();
        gathering.gather((partition.number, until), partition.gathered(), &partition.thresholds);
        gathering.resolve(watchlist);
    }

    /// Percentiles that are due or on their way to the log.
    pub(crate) fn waiting(&self) -> usize {
        let gathering = self.0.lock();
        gathering.to_append.len() + gathering.appending
    }
}

impl Gathering {
    fn gather<'t>(
        &mut self,
        (partition, until): (u16, Timestamp),
        gathered: Vec<Gathered>,
        thresholds: impl IntoIterator<Item = &'t Threshold>,
    ) {
        let Some(closed) = self.closed.get_mut(usize::from(partition)) else { return };
        if closed.replace(until).is_some_and(|before| before > until) {
            // The clock was set back: these periods come again.
            self.known.retain(|(end, _), _| *end <= until);
            self.values.retain(|(end, _), _| *end <= until);
        }
        for threshold in thresholds {
            self.known.insert((threshold.end, threshold.behavior), *threshold);
        }
        let mut values: BTreeMap<Key, Vec<f64>> = BTreeMap::new();
        for Gathered { behavior, end, amount } in gathered {
            values.entry((end, behavior)).or_default().push(amount);
        }
        for (key, values) in values {
            match self.known.get(&key) {
                Some(known) => {
                    let append = (partition, *known);
                    if !self.to_append.contains(&append) {
                        self.to_append.push(append);
                    }
                }
                None => drop(self.values.entry(key).or_default().insert(partition, values)),
            }
        }
    }

    fn resolve(&mut self, watchlist: &Watchlist) {
        let Some(until) = self.closed.iter().copied().min().flatten() else { return };
        while let Some(entry) = self.values.first_entry() {
            let (end, behavior) = *entry.key();
            if end > until {
                break;
            }
            let by_partition = entry.remove();
            let mut values: Vec<f64> = by_partition.values().flatten().copied().collect();
            let devices = values.len() as u64;
            let value = watchlist.statistic(behavior).and_then(|it| it.resolve(&mut values));
            let threshold = Threshold { behavior, end, value, devices };
            self.known.insert((end, behavior), threshold);
            self.to_append.extend(by_partition.into_keys().map(|partition| (partition, threshold)));
        }
        self.known.retain(|(end, _), _| until.since(*end) <= REMEMBERED);
    }
}

/// Appends what is due. What could not be appended stays.
pub(crate) async fn append(shared: &Shared) -> Result<(), LogError> {
    let due = {
        let mut gathering = shared.percentiles.0.lock();
        let due = std::mem::take(&mut gathering.to_append);
        gathering.appending += due.len();
        due
    };
    if due.is_empty() {
        return Ok(());
    }
    let mut by_partition: BTreeMap<u16, Vec<Threshold>> = BTreeMap::new();
    for (partition, threshold) in due {
        by_partition.entry(partition).or_default().push(threshold);
    }
    let mut result = Ok(());
    for (partition, thresholds) in by_partition {
        let appended = match encode(&thresholds) {
            Ok(records) => shared.log.append(partition, records).await.map(drop),
            Err(error) => Err(error),
        };
        let mut gathering = shared.percentiles.0.lock();
        gathering.appending -= thresholds.len();
        if appended.is_err() {
            let back = thresholds.into_iter().map(|threshold| (partition, threshold));
            gathering.to_append.extend(back);
            result = appended;
        }
    }
    shared.wake.all();
    result
}

fn encode(thresholds: &[Threshold]) -> Result<Vec<Bytes>, LogError> {
    let failed = |error: postcard::Error| LogError::Storage {
        log: LOG.to_owned(),
        cause: error.to_string(),
    };
    let records = thresholds.iter().map(|it| ReportsRecord::ThresholdV1(*it).write());
    records.map(|bytes| bytes.map(Bytes::from).map_err(failed)).collect()
}
