//! Writing the counts of the front door, and the passing of time, into the `reports` log.

use bytes::Bytes;
use futures::future::join_all;
use picket_core::{Tasks, Timestamp};
use picket_ports::LogError;
use picket_ports::event_log::partition_of;

use crate::engine::Shared;
use crate::partition::LOG;
use crate::record::{DeviceDelta, ReportsRecord};

/// Devices in one record.
const DEVICES_MAX: usize = 5000;

/// How far flushing has come.
#[derive(Debug)]
pub(crate) struct Flushed {
    at: Timestamp,
    /// End of the newest window that every partition was told to close.
    told: Timestamp,
}

impl Flushed {
    /// Nothing flushed before `now`.
    pub(crate) const fn starting(now: Timestamp) -> Self {
        Self { at: now, told: now }
    }
}

/// Flushes at multiples of the interval until told to stop, and once more then.
pub(crate) async fn run(shared: std::sync::Arc<Shared>, tasks: Tasks) {
    let every = shared.config.flush_every();
    let mut rounds: u64 = 0;
    let mut trouble: Option<String> = None;
    loop {
        let now = shared.clock.now();
        let next = now.floor_to(every).plus(every);
        tokio::select! {
            () = tokio::time::sleep(next.since(now)) => {}
            () = tasks.stopping() => {}
        }
        trouble = match flush(&shared).await {
            Ok(()) => {
                if trouble.is_some() {
                    tracing::info!("the counts of the front door are stored again");
                }
                None
            }
            Err(error) => {
                let cause = error.to_string();
                // One line for each cause, however long it lasts.
                if trouble.as_ref() != Some(&cause) {
                    tracing::warn!(%error, "the counts of the front door are not stored and wait");
                }
                Some(cause)
            }
        };
        rounds += 1;
        if rounds.is_multiple_of(32) {
            shared.arrivals.prune(shared.clock.now(), shared.config.report_interval_min);
        }
        if tasks.is_stopping() {
            return;
        }
    }
}

/// Writes what was counted since the last flush; to every partition when a window is due.
pub(crate) async fn flush(shared: &Shared) -> Result<(), LogError> {
    let mut flushed = shared.flushed.lock().await;
    let at = shared.clock.now();
    let due = Timestamp::from_millis(
        at.as_millis() - i64::try_from(shared.config.grace.as_millis()).unwrap_or(0),
    )
    .floor_to(shared.config.window);
    let partitions = shared.log.partitions();
    let mut by_partition: Vec<Vec<DeviceDelta>> = (0..partitions).map(|_| Vec::new()).collect();
    for delta in shared.cells.take() {
        let partition = partition_of(&delta.identity, partitions);
        by_partition[usize::from(partition)].push(delta);
    }
    // Also after the clock was set back: who has closed windows that lie ahead must be told.
    let everyone = due > flushed.told || due.plus(shared.config.window * 2) < flushed.told;
    let from = flushed.at.min(at);
    let appends = (0..)
        .zip(by_partition)
        .filter(|(_, deltas)| everyone || !deltas.is_empty())
        .map(|(partition, deltas)| append(shared, partition, (from, at), deltas));
    let mut result = Ok(());
    for ended in join_all(appends).await {
        result = result.and(ended);
    }
    result?;
    flushed.at = at;
    if everyone {
        flushed.told = due;
    }
    shared.wake.all();
    Ok(())
}

async fn append(
    shared: &Shared,
    partition: u16,
    (from, at): (Timestamp, Timestamp),
    deltas: Vec<DeviceDelta>,
) -> Result<(), LogError> {
    let mut records = Vec::with_capacity(1);
    let mut chunks: Vec<&[DeviceDelta]> = deltas.chunks(DEVICES_MAX).collect();
    if chunks.is_empty() {
        chunks.push(&[]);
    }
    let last = chunks.len() - 1;
    for (index, devices) in chunks.into_iter().enumerate() {
        // Only the last one moves the clock on, so that no window closes before all of its counts.
        let at = if index == last { at } else { from };
        records.push(encode(&ReportsRecord::CloudV2 { from, at, devices: devices.to_vec() })?);
    }
    let appended = shared.log.append(partition, records).await;
    if appended.is_err() {
        shared.cells.put_back(deltas);
    }
    appended.map(drop)
}

/// Tells every partition that the server has started.
pub(crate) async fn tell_start(shared: &Shared) -> Result<(), LogError> {
    let record = encode(&ReportsRecord::StartedV1 { at: shared.clock.now() })?;
    let partitions = 0..shared.log.partitions();
    for ended in join_all(partitions.map(|it| shared.log.append(it, vec![record.clone()]))).await {
        ended?;
    }
    Ok(())
}

fn encode(record: &ReportsRecord<'_>) -> Result<Bytes, LogError> {
    let failed = |error: postcard::Error| LogError::Storage {
        log: LOG.to_owned(),
        cause: error.to_string(),
    };
    record.write().map(Bytes::from).map_err(failed)
}
