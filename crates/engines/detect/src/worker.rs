//! The tasks that evaluate the `reports` log, each a group of partitions, and store what they know
//! together with how far they have read.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use picket_core::{Tasks, Timestamp};
use picket_ports::event_log::Position;
use picket_ports::{LogError, LogRecord, StateBatch};

use crate::engine::Shared;
use crate::history::{Kept, Recorder};
use crate::partition::{Effects, Partition, Progress, Scene};
use crate::percentiles;
use crate::record::{BadRecord, ReportsRecord};
use crate::storage::{self, StorageError};
use crate::violation::AlarmEvent;

/// Records of one partition that share a commit, and their bytes.
const RECORDS_MAX: usize = 2048;
const BYTES_MAX: usize = 4 << 20;

/// After a round of fewer records than this, more are let come together: a commit costs the same for one
/// as for a hundred.
const FEW: usize = 512;
const LINGER: Duration = Duration::from_millis(10);

/// One evaluating task's own state.
#[derive(Debug)]
pub(crate) struct Worker {
    shared: Arc<Shared>,
    group: usize,
    members: Vec<Member>,
    /// Empty while they are being evaluated, and after that has failed.
    partitions: Vec<Partition>,
    recorder: Recorder,
    epoch: u64,
    /// Memory holds what is not stored.
    ahead: bool,
}

/// A partition of the group.
#[derive(Debug)]
struct Member {
    number: u16,
    /// The end of its log at the start, until that is reached.
    log_end: Option<u64>,
    /// Up to where values of its devices have been handed over.
    gathered_until: Option<Timestamp>,
}

impl Member {
    /// Whether the partition has closed windows since it was asked last, or reads for the first time what
    /// was not in the log at the start.
    fn has_more(&mut self, Progress { next, closed_until, .. }: Progress) -> bool {
        if self.log_end.is_some_and(|end| next < end) || self.gathered_until == closed_until {
            return false;
        }
        (self.log_end, self.gathered_until) = (None, closed_until);
        true
    }
}

/// What came of some records.
type Outcome = (StateBatch, Vec<(u16, Effects)>);

impl Worker {
    /// Loads the state of a group's partitions.
    pub(crate) async fn open(shared: Arc<Shared>, group: usize) -> Result<Self, StorageError> {
        let groups = shared.wake.groups();
        let numbers = 0..shared.log.partitions();
        let members = numbers
            .filter(|number| usize::from(*number) % groups == group)
            .map(|number| Member {
                number,
                log_end: Some(shared.log.next_sequence(number)),
                gathered_until: None,
            })
            .collect();
        let recorder = shared.history.recorder();
        let partitions = Vec::new();
        let mut worker =
            Self { shared, group, members, partitions, recorder, epoch: 0, ahead: true };
        worker.go_back().await?;
        for partition in &worker.partitions {
            let shared = &worker.shared;
            shared.book.restore(partition.alarms());
            shared.evaluated[usize::from(partition.number)]
                .store(partition.progress.next, Ordering::Release);
        }
        worker.revise(&Tasks::new()).await?;
        worker.gather();
        Ok(worker)
    }

    /// Evaluates until told to stop.
    pub(crate) async fn run(mut self, tasks: Tasks) {
        while !tasks.is_stopping() {
            match self.round(&tasks).await {
                Ok(0) => {}
                Ok(FEW..) => continue,
                Ok(_) => {
                    pause(&tasks, LINGER).await;
                    continue;
                }
                Err(error) => {
                    tracing::error!(%error, "reports are not evaluated at the moment; trying again");
                    pause(&tasks, Duration::from_millis(500)).await;
                }
            }
            tokio::select! {
                () = self.shared.wake.heard(self.group) => {}
                () = pause(&tasks, Duration::from_secs(1)) => {}
            }
        }
    }

    /// Goes back to what is stored, if memory may be ahead of it after a failure.
    async fn go_back(&mut self) -> Result<(), StorageError> {
        if self.ahead {
            self.partitions.clear();
            for member in &self.members {
                self.partitions.push(storage::load(&*self.shared.store, member.number).await?);
            }
            self.ahead = false;
            self.epoch = 0;
        }
        Ok(())
    }

    /// Reads, evaluates and commits once. Returns how many records there were.
    async fn round(&mut self, tasks: &Tasks) -> Result<usize, StorageError> {
        self.go_back().await?;
        self.revise(tasks).await?;
        if self.shared.percentiles.waiting() > 0 {
            percentiles::append(&self.shared).await?;
        }
        let mut inputs = Vec::new();
        let ends = self.partitions.iter().map(|it| (it.number, it.progress.next));
        let ends: Vec<(u16, u64)> = ends.collect();
        for (place, (partition, sequence)) in ends.into_iter().enumerate() {
            let from = Position { partition, sequence };
            if sequence < self.shared.log.next_sequence(from.partition) {
                let records = self.shared.log.read(from, RECORDS_MAX, BYTES_MAX).await?;
                if !records.is_empty() {
                    inputs.push((place, records));
                }
            }
        }
        let count = inputs.iter().map(|(_, records)| records.len()).sum();
        if count > 0 {
            let outcome = self.evaluate(inputs).await?;
            self.commit(outcome, tasks).await?;
        }
        Ok(count)
    }

    /// Evaluates off the tasks that others wait for.
    async fn evaluate(
        &mut self,
        inputs: Vec<(usize, Vec<LogRecord>)>,
    ) -> Result<Outcome, StorageError> {
        let (shared, watchlist) = (self.shared.clone(), self.shared.watchlist());
        let mut partitions = std::mem::take(&mut self.partitions);
        self.ahead = true;
        let work = move || {
            let scene = shared.scene(&watchlist);
            let (mut batch, mut all) = Outcome::default();
            for (place, records) in inputs {
                let Some(partition) = partitions.get_mut(place) else { continue };
                let mut effects = Effects::default();
                evaluate(partition, &records, &scene, &mut effects);
                if let Err(error) = storage::save(partition, &effects, &mut batch) {
                    return (partitions, Err(error));
                }
                all.push((partition.number, effects));
            }
            (partitions, Ok((batch, all)))
        };
        let ended = tokio::task::spawn_blocking(work).await;
        let failed = |error: tokio::task::JoinError| {
            let (log, cause) = (crate::partition::LOG.to_owned(), error.to_string());
            StorageError::from(LogError::Storage { log, cause })
        };
        let (partitions, outcome) = ended.map_err(failed)?;
        self.partitions = partitions;
        outcome
    }

    /// Stores what came out, for as long as it takes: what is in memory is ahead of the store until then.
    async fn commit(&mut self, outcome: Outcome, tasks: &Tasks) -> Result<(), StorageError> {
        let (mut batch, all) = outcome;
        let kept: Vec<&Kept> = all.iter().map(|(_, effects)| &effects.kept).collect();
        let mut trouble = Trouble::default();
        while let Err(error) = self.recorder.store(kept.clone()).await {
            if !trouble.wait("datapoints", error, tasks).await {
                return Ok(());
            }
        }
        let events: Vec<&AlarmEvent> =
            all.iter().flat_map(|(_, effects)| &effects.events).collect();
        let pen = self.shared.book.enter(events.into_iter(), &mut batch).await?;
        while let Err(error) = self.shared.store.commit(batch.clone()).await {
            if !trouble.wait("the state of detection", error, tasks).await {
                return Ok(());
            }
        }
        self.committed(all);
        // After the book knows of them: who is told of an alarm may ask for it.
        self.shared.book.committed(pen);
        if self.shared.percentiles.waiting() > 0 {
            percentiles::append(&self.shared).await?;
        }
        Ok(())
    }

    fn committed(&mut self, all: Vec<(u16, Effects)>) {
        self.ahead = false;
        let mut evaluated = 0;
        for (number, effects) in all {
            evaluated += effects.evaluated;
            self.account(&effects);
            if let Some(partition) = self.partitions.iter_mut().find(|it| it.number == number) {
                partition.committed(&effects.changed);
            }
            self.shared.book.apply(effects);
        }
        self.gather();
        let shared = &self.shared;
        for partition in &self.partitions {
            let place = usize::from(partition.number);
            shared.counters.things[place].store(partition.len() as u64, Ordering::Relaxed);
            shared.evaluated[place].store(partition.progress.next, Ordering::Release);
        }
        shared.counters.evaluated(evaluated, shared.clock.now());
        shared.export_wake.notify_one();
    }

    fn account(&self, effects: &Effects) {
        let Shared { detect, counters, .. } = &*self.shared;
        let duplicates = effects.duplicates.len() as u64;
        let strangers = effects.strangers.len() as u64;
        detect.received(effects.evaluated + duplicates + strangers + effects.unreadable);
        detect.delivered(effects.evaluated);
        if duplicates > 0 {
            detect.dropped("duplicate", duplicates);
            counters.duplicates.fetch_add(duplicates, Ordering::Relaxed);
        }
        if strangers > 0 {
            detect.dropped("too-many-identities", strangers);
        }
        if effects.unreadable > 0 {
            detect.dropped("unreadable", effects.unreadable);
        }
    }

    /// Hands over values of periods that are over, from partitions that have closed some window since.
    fn gather(&mut self) {
        let watchlist = self.shared.watchlist();
        for (partition, member) in self.partitions.iter().zip(&mut self.members) {
            if member.has_more(partition.progress) {
                self.shared.percentiles.gather(partition, &watchlist);
            }
        }
    }

    /// Ends alarms of what is not monitored any more, if that may have changed.
    async fn revise(&mut self, tasks: &Tasks) -> Result<(), StorageError> {
        let watchlist = self.shared.watchlist();
        if self.epoch == watchlist.epoch {
            return Ok(());
        }
        let now = self.shared.clock.now();
        let mut batch = StateBatch::default();
        let mut all = Vec::new();
        self.ahead = true;
        for partition in &mut self.partitions {
            let mut effects = Effects::default();
            partition.revise(now, &self.shared.scene(&watchlist), &mut effects);
            if !effects.changed.is_empty() {
                storage::save(partition, &effects, &mut batch)?;
                all.push((partition.number, effects));
            }
        }
        if all.is_empty() {
            self.ahead = false;
        } else {
            self.commit((batch, all), tasks).await?;
        }
        self.epoch = watchlist.epoch;
        Ok(())
    }
}

/// Waiting for a store that fails. One line for each cause, however long it lasts.
#[derive(Debug, Default)]
struct Trouble {
    wait: Duration,
    told: String,
}

impl Trouble {
    /// Waits. Returns false if told to stop.
    async fn wait(&mut self, what: &'static str, error: LogError, tasks: &Tasks) -> bool {
        let cause = error.to_string();
        if cause != self.told {
            tracing::error!(%error, what, "could not be stored; trying again");
            self.told = cause;
        }
        self.wait = (self.wait * 2).clamp(Duration::from_millis(50), Duration::from_secs(10));
        pause(tasks, self.wait).await;
        !tasks.is_stopping()
    }
}

fn evaluate(
    partition: &mut Partition,
    records: &[LogRecord],
    scene: &Scene<'_>,
    effects: &mut Effects,
) {
    for record in records {
        let Position { partition: number, sequence } = record.position;
        match ReportsRecord::read(&record.payload) {
            Ok(read) => partition.apply(sequence, &read, scene, effects),
            Err(cause) => {
                let bad = BadRecord { partition: number, sequence, cause: cause.to_string() };
                tracing::error!(error = %bad, "record skipped");
                effects.unreadable += 1;
                partition.progress.next = sequence + 1;
            }
        }
    }
}

/// Waits for `time`, or until told to stop.
pub(crate) async fn pause(tasks: &Tasks, time: Duration) {
    tokio::select! {
        () = tokio::time::sleep(time) => {}
        () = tasks.stopping() => {}
    }
}
