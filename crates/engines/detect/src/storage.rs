//! How the engine's state stands in its store: keys, and values with their versions.
//!
//! `p` partition headers · `q` percentiles that were taken in lately · `t` things · `a` and `e` [alarms](crate::alarms) · `o` exports of closed windows
//! · `d` reports that the export must leave out · `x` how far the export has come.

use picket_core::{MetricValue, Timestamp};
use picket_ports::{LogError, StateBatch, StateStore};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::alarms;
use crate::partition::{Effects, OutboxEntry, Partition, Progress};
use crate::record::Threshold;
use crate::thing::ThingState;
use crate::thing::v1::ThingStateV1;
use crate::violation::AlarmEvent;

/// Pairs read in one go.
const PAGE: usize = 1000;
/// Devices read in one go at the start.
const LOADED: usize = 8192;
/// Export entries in one value.
const OUTBOX_CHUNK: usize = 500;

#[derive(Serialize, Deserialize)]
enum StoredHeader {
    V1 { next: u64, closed_until: Option<Timestamp> },
    V2 { next: u64, closed_until: Option<Timestamp>, started: Timestamp },
}

#[derive(Serialize, Deserialize)]
enum StoredThresholds {
    V1(Vec<Threshold>),
}

#[derive(Deserialize)]
enum StoredThing {
    V1(ThingStateV1),
    V2(ThingState),
}

/// Writes what [`StoredThing`] reads.
#[derive(Serialize)]
enum StoredThingRef<'a> {
    #[expect(dead_code, reason = "keeps the number of the version")]
    V1,
    V2(&'a ThingState),
}

#[derive(Serialize, Deserialize)]
enum StoredOutbox {
    V1(Vec<OutboxEntryV1>),
    V2(Vec<OutboxEntry>),
}

/// An export as it was stored before there were dimensions.
#[derive(Serialize, Deserialize)]
struct OutboxEntryV1 {
    thing: String,
    metric: String,
    value: MetricValue,
    statistic: Option<String>,
    time: Timestamp,
}

impl From<OutboxEntryV1> for OutboxEntry {
    fn from(old: OutboxEntryV1) -> Self {
        let OutboxEntryV1 { thing, metric, value, statistic, time } = old;
        Self { thing, metric, dimension: None, value, statistic, time }
    }
}

/// Why state could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The store failed.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A value is damaged, or a newer version wrote it.
    #[error("the stored {what} cannot be read or written: {cause}")]
    Format {
        /// What it is.
        what: &'static str,
        /// The codec's words.
        cause: postcard::Error,
    },
}

pub(crate) fn write<T: Serialize>(what: &'static str, value: &T) -> Result<Vec<u8>, StorageError> {
    // Most values are states of devices, which take some hundred bytes.
    let bytes = Vec::with_capacity(512);
    postcard::to_extend(value, bytes).map_err(|cause| StorageError::Format { what, cause })
}

pub(crate) fn read<T: DeserializeOwned>(
    what: &'static str,
    bytes: &[u8],
) -> Result<T, StorageError> {
    postcard::from_bytes(bytes).map_err(|cause| StorageError::Format { what, cause })
}

fn key(kind: u8, partition: u16, rest: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(3 + rest.len());
    key.push(kind);
    key.extend(partition.to_be_bytes());
    key.extend(rest);
    key
}

fn outbox_key(partition: u16, sequence: u64, chunk: u32) -> Vec<u8> {
    let mut key = key(b'o', partition, &sequence.to_be_bytes());
    key.extend(chunk.to_be_bytes());
    key
}

/// The sequence in the key of an export or of a repeated report.
fn sequence_of(key: &[u8]) -> u64 {
    key.get(3..11).and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_be_bytes)
}

/// Reads one partition with all its devices.
pub(crate) async fn load(store: &dyn StateStore, number: u16) -> Result<Partition, StorageError> {
    let mut partition = match store.get(&key(b'p', number, &[])).await? {
        None => Partition::empty(number),
        Some(bytes) => {
            let progress = match read("partition header", &bytes)? {
                StoredHeader::V1 { next, closed_until } => {
                    Progress { next, closed_until, started: Timestamp::default() }
                }
                StoredHeader::V2 { next, closed_until, started } => {
                    Progress { next, closed_until, started }
                }
            };
            Partition::new(number, progress, thresholds(store, number).await?)
        }
    };
    let prefix = key(b't', number, &[]);
    let mut after: Option<Vec<u8>> = None;
    loop {
        let page = store.scan(&prefix, after.as_deref(), LOADED).await?;
        for (key, value) in &page {
            let state = match read("device state", value)? {
                StoredThing::V1(old) => old.into(),
                StoredThing::V2(state) => state,
            };
            let name = key.get(prefix.len()..).unwrap_or_default();
            partition.restore(&String::from_utf8_lossy(name), state);
        }
        match page.into_iter().next_back() {
            Some((key, _)) => after = Some(key),
            None => return Ok(partition),
        }
    }
}

async fn thresholds(store: &dyn StateStore, number: u16) -> Result<Vec<Threshold>, StorageError> {
    let Some(bytes) = store.get(&key(b'q', number, &[])).await? else { return Ok(Vec::new()) };
    let StoredThresholds::V1(thresholds) = read("percentiles", &bytes)?;
    Ok(thresholds)
}

/// Adds everything `effects` changed, and how far the partition has come, to `batch`.
pub(crate) fn save(
    partition: &Partition,
    effects: &Effects,
    batch: &mut StateBatch,
) -> Result<(), StorageError> {
    let number = partition.number;
    let Progress { next, closed_until, started } = partition.progress;
    let header = StoredHeader::V2 { next, closed_until, started };
    batch.put(key(b'p', number, &[]), write("partition header", &header)?);
    if effects.thresholds_changed {
        let thresholds = partition.thresholds.iter().copied().collect();
        let value = write("percentiles", &StoredThresholds::V1(thresholds))?;
        batch.put(key(b'q', number, &[]), value);
    }
    for thing in &effects.changed {
        let key = key(b't', number, thing.as_bytes());
        match partition.state(thing) {
            Some(state) => batch.put(key, write("device state", &StoredThingRef::V2(state))?),
            None => batch.delete(key),
        }
    }
    for AlarmEvent { event, .. } in &effects.events {
        alarms::history::save(event, batch)?;
    }
    for sequence in effects.duplicates.iter().chain(&effects.strangers) {
        batch.put(key(b'd', number, &sequence.to_be_bytes()), Vec::new());
    }
    save_outbox(number, &effects.outbox, batch)
}

fn save_outbox(
    number: u16,
    outbox: &[(u64, OutboxEntry)],
    batch: &mut StateBatch,
) -> Result<(), StorageError> {
    for of_one_record in outbox.chunk_by(|a, b| a.0 == b.0) {
        for (chunk, entries) in (0..).zip(of_one_record.chunks(OUTBOX_CHUNK)) {
            let Some((sequence, _)) = entries.first() else { continue };
            let entries = entries.iter().map(|(_, entry)| entry.clone()).collect();
            let value = write("export", &StoredOutbox::V2(entries))?;
            batch.put(outbox_key(number, *sequence, chunk), value);
        }
    }
    Ok(())
}

/// Where the export of a partition goes on; 1 at first.
pub(crate) async fn export_offset(store: &dyn StateStore, number: u16) -> Result<u64, LogError> {
    let bytes = store.get(&key(b'x', number, &[])).await?;
    Ok(bytes.and_then(|it| it.try_into().ok()).map_or(1, u64::from_be_bytes))
}

/// Notes in `batch` that the export goes on at `next`.
pub(crate) fn save_export_offset(number: u16, next: u64, batch: &mut StateBatch) {
    batch.put(key(b'x', number, &[]), next.to_be_bytes().to_vec());
}

/// Keys and sequences of the repeated reports with `from <= sequence < to`.
pub(crate) async fn duplicates(
    store: &dyn StateStore,
    number: u16,
    (from, to): (u64, u64),
) -> Result<Vec<(Vec<u8>, u64)>, LogError> {
    let prefix = key(b'd', number, &[]);
    let mut after = key(b'd', number, &from.saturating_sub(1).to_be_bytes());
    let mut found = Vec::new();
    loop {
        let page = store.scan(&prefix, Some(&after), PAGE).await?;
        let Some((last, _)) = page.last() else { return Ok(found) };
        after.clone_from(last);
        for (key, _) in page {
            let sequence = sequence_of(&key);
            if sequence >= to {
                return Ok(found);
            }
            found.push((key, sequence));
        }
    }
}

/// Exports of closed windows from records with `from <= sequence < to`, with their keys.
pub(crate) async fn outbox(
    store: &dyn StateStore,
    number: u16,
    (from, to): (u64, u64),
) -> Result<Vec<(Vec<u8>, u64, Vec<OutboxEntry>)>, StorageError> {
    let prefix = key(b'o', number, &[]);
    let mut after = outbox_key(number, from.saturating_sub(1), u32::MAX);
    let mut found = Vec::new();
    loop {
        let page = store.scan(&prefix, Some(&after), 16).await?;
        let Some((last, _)) = page.last() else { return Ok(found) };
        after.clone_from(last);
        for (key, value) in page {
            let sequence = sequence_of(&key);
            if sequence >= to {
                return Ok(found);
            }
            let entries = match read("export", &value)? {
                StoredOutbox::V1(old) => old.into_iter().map(OutboxEntry::from).collect(),
                StoredOutbox::V2(entries) => entries,
            };
            found.push((key, sequence, entries));
        }
    }
}
