//! Making percentiles of what the partitions gathered (spec device-defender §4.2).
//!
//! A percentile is due when every partition has closed its period. It becomes a record in each partition
//! that has values of the period, so that a replay holds them against the same number. Should the server
//! die between two of these appends, the partitions that have read theirs remember it, and after the start
//! the others get the same: no percentile is made before every partition has read all that was in the log
//! at the start.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use picket_core::Timestamp;
use picket_ports::LogError;

use crate::engine::Shared;
use crate::partition::{Gathered, LOG, Partition};
use crate::record::{ReportsRecord, Threshold};
use crate::watchlist::Watchlist;

/// How long percentiles are remembered that nobody waits for.
const REMEMBERED: Duration = Duration::from_secs(2 * 3600);

/// A behaviour and the end of a period.
type Key = (Timestamp, u64);

/// A percentile that has been made.
#[derive(Debug)]
struct Known {
    threshold: Threshold,
    /// Partitions that have it on its way and have not taken it in.
    on_its_way: BTreeSet<u16>,
}

/// What is gathered and not appended yet.
#[derive(Debug)]
pub(crate) struct Percentiles(Mutex<Gathering>);

#[derive(Debug, Default)]
struct Gathering {
    /// Up to when each partition has closed its windows; absent until it has read what was in the log at
    /// the start.
    closed: Vec<Option<Timestamp>>,
    values: BTreeMap<Key, BTreeMap<u16, Vec<f64>>>,
    known: HashMap<Key, Known>,
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

    /// Takes what is to be appended, by partition; [`Percentiles::appended`] must follow for all of it.
    pub(crate) fn take(&self) -> Vec<(u16, Threshold)> {
        let mut gathering = self.0.lock();
        let due = std::mem::take(&mut gathering.to_append);
        gathering.appending += due.len();
        due
    }

    /// Notes that as many are in the log, or that these are not.
    pub(crate) fn appended(&self, count: usize, back: impl Iterator<Item = (u16, Threshold)>) {
        let mut gathering = self.0.lock();
        gathering.appending -= count;
        gathering.to_append.extend(back);
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
            let key = (threshold.end, threshold.behavior);
            let known = || Known { threshold: *threshold, on_its_way: BTreeSet::new() };
            self.known.entry(key).or_insert_with(known);
        }
        let mut values: BTreeMap<Key, Vec<f64>> = BTreeMap::new();
        for Gathered { behavior, end, amount } in gathered {
            values.entry((end, behavior)).or_default().push(amount);
        }
        for (key, known) in &mut self.known {
            if !values.contains_key(key) {
                known.on_its_way.remove(&partition);
            }
        }
        for (key, values) in values {
            if !self.known.get(&key).is_some_and(|it| it.on_its_way.contains(&partition)) {
                self.values.entry(key).or_default().insert(partition, values);
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
            let known = self.known.entry((end, behavior)).or_insert_with(|| {
                let mut values: Vec<f64> = by_partition.values().flatten().copied().collect();
                let devices = values.len() as u64;
                let value = watchlist.statistic(behavior).and_then(|it| it.resolve(&mut values));
                let threshold = Threshold { behavior, end, value, devices };
                Known { threshold, on_its_way: BTreeSet::new() }
            });
            for partition in by_partition.into_keys() {
                known.on_its_way.insert(partition);
                self.to_append.push((partition, known.threshold));
            }
        }
        self.known.retain(|(end, _), known| {
            !known.on_its_way.is_empty() || until.since(*end) <= REMEMBERED
        });
    }
}

/// Appends what is due. What could not be appended stays.
pub(crate) async fn append(shared: &Shared) -> Result<(), LogError> {
    let due = shared.percentiles.take();
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
        let back = thresholds.iter().filter(|_| appended.is_err()).map(|it| (partition, *it));
        shared.percentiles.appended(thresholds.len(), back);
        result = result.and(appended);
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
