//! The metrics export: follows the `reports` log behind evaluation, with an offset of its own, and
//! publishes what profiles ask for (spec device-defender §5).
//!
//! The offset moves on only after every message was published, so a crash makes the same entries come
//! again, with the same name, thing, timestamp and version. While publishing fails, the backlog stays in
//! the log.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures::StreamExt;
use picket_core::{Tasks, Timestamp, TraceId};
use picket_ports::event_log::Position;
use picket_ports::{LogRecord, Message, PublishError, StateBatch};
use picket_profile::{Export, MetricRef, Side, WatchedMetric};
use picket_wire_report::decode;

use crate::engine::Shared;
use crate::export_batch::{Batch, Entry, ExportedDimension};
use crate::partition::{FLAGS, LOG, OutboxEntry, measure};
use crate::record::{ReportsRecord, stored_format};
use crate::storage::{self, StorageError};
use crate::watchlist::Watchlist;
use crate::worker::pause;

/// Records exported together, and their bytes.
const RECORDS_MAX: usize = 1024;
const BYTES_MAX: usize = 4 << 20;
const RETRY_MIN: Duration = Duration::from_millis(100);
const RETRY_MAX: Duration = Duration::from_secs(30);

/// Exports until told to stop.
pub(crate) async fn run(shared: Arc<Shared>, tasks: Tasks) {
    while !tasks.is_stopping() {
        match round(&shared, &tasks).await {
            Ok(true) => continue,
            Ok(false) => pause(&tasks, shared.config.export_interval).await,
            Err(error) => {
                tracing::error!(%error, "metrics are not exported at the moment; trying again");
                pause(&tasks, Duration::from_secs(1)).await;
            }
        }
        tokio::select! {
            () = shared.export_wake.notified() => {}
            () = pause(&tasks, Duration::from_secs(1)) => {}
        }
    }
}

/// Exports a batch of each partition. Returns whether there is more to do at once.
async fn round(shared: &Shared, tasks: &Tasks) -> Result<bool, StorageError> {
    let mut more = false;
    for number in 0..shared.log.partitions() {
        let place = usize::from(number);
        let from = shared.exported[place].load(Ordering::Acquire);
        let to = shared.evaluated[place].load(Ordering::Acquire);
        if from >= to || tasks.is_stopping() {
            continue;
        }
        let position = Position { partition: number, sequence: from };
        let mut records = shared.log.read(position, RECORDS_MAX, BYTES_MAX).await?;
        records.retain(|record| record.position.sequence < to);
        let next = records.last().map_or(to, |record| record.position.sequence + 1);
        if export(shared, tasks, (number, from, next), &records).await? {
            shared.exported[place].store(next, Ordering::Release);
            more |= next < to;
        }
    }
    Ok(more)
}

/// Publishes what `records` hold. Returns false if told to stop before all was published.
async fn export(
    shared: &Shared,
    tasks: &Tasks,
    (number, from, next): (u16, u64, u64),
    records: &[LogRecord],
) -> Result<bool, StorageError> {
    let store = &*shared.store;
    let repeated = storage::duplicates(store, number, (from, next)).await?;
    let outbox = storage::outbox(store, number, (from, next)).await?;
    let mut done = StateBatch::default();
    let skip: HashSet<u64> = repeated.iter().map(|(_, sequence)| *sequence).collect();
    repeated.into_iter().for_each(|(key, _)| done.delete(key));

    let watchlist = shared.watchlist();
    let mut gathering = Gathering::new(shared, &watchlist, number);
    if gathering.any_exports() {
        for record in records {
            if !skip.contains(&record.position.sequence) {
                gathering.record(record);
            }
        }
        for (_, sequence, entries) in &outbox {
            entries.iter().for_each(|entry| gathering.outbox_entry(*sequence, entry));
        }
    }
    outbox.into_iter().for_each(|(key, ..)| done.delete(key));
    let (messages, entries) = gathering.finish();
    let published_any = !messages.is_empty();
    shared.export.received(entries);
    let mut publishing = futures::stream::iter(messages)
        .map(|message| publish(shared, tasks, message))
        .buffer_unordered(shared.config.export_concurrency.max(1));
    let mut all = true;
    while let Some(published) = publishing.next().await {
        all &= published;
    }
    if all && (published_any || !done.is_empty()) {
        storage::save_export_offset(number, next, &mut done);
        store.commit(done).await?;
    }
    Ok(all)
}

/// Publishes until it succeeds or never can. Returns false if told to stop before.
async fn publish(shared: &Shared, tasks: &Tasks, message: Message) -> bool {
    let entries = message.traces.len() as u64;
    let mut wait = RETRY_MIN;
    loop {
        match shared.publish.publish(message.clone()).await {
            Ok(()) => {
                shared.export.delivered(entries);
                return true;
            }
            Err(error @ PublishError::BadTopic { .. }) => {
                tracing::error!(%error, entries, "exported metrics are dropped; correct the profile's metricsExportConfig");
                shared.export.dropped("bad-topic", entries);
                return true;
            }
            Err(error) => {
                if wait == RETRY_MIN {
                    tracing::warn!(%error, entries, "exported metrics wait");
                }
                pause(tasks, wait).await;
                wait = (wait * 2).min(RETRY_MAX);
                if tasks.is_stopping() {
                    shared.export.dropped("stopped, comes again after the start", entries);
                    return false;
                }
            }
        }
    }
}

/// Turns records into messages.
struct Gathering<'a> {
    shared: &'a Shared,
    watchlist: &'a Watchlist,
    partition: u16,
    now: Timestamp,
    /// By place of the profile.
    batches: HashMap<usize, Batch>,
    messages: Vec<Message>,
    entries: u64,
}

impl<'a> Gathering<'a> {
    fn new(shared: &'a Shared, watchlist: &'a Watchlist, partition: u16) -> Self {
        Self {
            shared,
            watchlist,
            partition,
            now: shared.clock.now(),
            batches: HashMap::new(),
            messages: Vec::new(),
            entries: 0,
        }
    }

    fn any_exports(&self) -> bool {
        self.watchlist.profiles().iter().any(|profile| profile.export.is_some())
    }

    /// Places and exports of the profiles that watch `thing` and export.
    fn exports(&self, thing: &str) -> Vec<(usize, &'a Export)> {
        let watchlist = self.watchlist;
        let places = watchlist.applicable(thing, &*self.shared.directory);
        let export = |place: &u16| {
            let place = usize::from(*place);
            Some((place, watchlist.profiles().get(place)?.export.as_ref()?))
        };
        places.iter().filter_map(export).collect()
    }

    fn record(&mut self, record: &LogRecord) {
        let (thing, cbor, arrived, payload) = match ReportsRecord::read(&record.payload) {
            Ok(
                ReportsRecord::ReportV1 { thing, cbor, arrived, payload }
                | ReportsRecord::ForeignReportV1 { thing, cbor, arrived, payload, .. },
            ) => (thing, cbor, arrived, payload),
            _ => return,
        };
        let exports = self.exports(thing);
        if exports.is_empty() {
            return;
        }
        let Ok(report) = decode(stored_format(cbor), payload) else { return };
        for (place, export) in exports {
            let metrics = export.metrics.iter().map(|watched| &watched.metric);
            let reported = |it: &&MetricRef| it.side() == Side::Device && it.name() != FLAGS;
            for metric in metrics.filter(reported) {
                let Some(measured) = measure(metric, &report, self.watchlist) else { continue };
                let entry = Entry {
                    name: metric.name(),
                    thing,
                    value: &measured.value(),
                    timestamp: arrived,
                    version: 1,
                    dimension: None,
                    statistic: None,
                };
                self.push((place, export), record.position.sequence, &entry);
            }
        }
    }

    fn outbox_entry(&mut self, sequence: u64, entry: &OutboxEntry) {
        let OutboxEntry { thing, metric, dimension, value, statistic, time } = entry;
        let is_asked = |watched: &WatchedMetric| {
            let wanted = watched.dimension.as_ref();
            watched.metric.name() == metric
                && wanted.map(|it| (it.dimension.name.as_str(), it.operator.as_str()))
                    == dimension.as_ref().map(|(name, operator)| (name.as_str(), operator.as_str()))
        };
        for (place, export) in self.exports(thing) {
            if export.metrics.iter().any(is_asked) {
                let entry = Entry {
                    name: metric,
                    thing,
                    value,
                    timestamp: *time,
                    version: 1,
                    dimension: dimension
                        .as_ref()
                        .map(|(name, operator)| ExportedDimension { name, operator }),
                    statistic: statistic.as_deref(),
                };
                self.push((place, export), sequence, &entry);
            }
        }
    }

    fn push(&mut self, (place, export): (usize, &Export), sequence: u64, entry: &Entry<'_>) {
        // Texts, numbers and lists of them always serialise.
        let Ok(json) = entry.json() else { return };
        let trace = TraceId { log: LOG.to_owned(), partition: self.partition, sequence };
        let batch = self.batches.entry(place).or_insert_with(|| Batch::new(export.topic.clone()));
        self.messages.extend(batch.push(&json, trace, self.now));
        self.entries += 1;
    }

    /// All messages, and how many entries they hold.
    fn finish(mut self) -> (Vec<Message>, u64) {
        for batch in self.batches.values_mut() {
            self.messages.extend(batch.finish(self.now));
        }
        (self.messages, self.entries)
    }
}
