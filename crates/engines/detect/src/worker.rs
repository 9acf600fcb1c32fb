//! The task that evaluates the `reports` log and stores what it knows together with how far it has read.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use picket_core::{Tasks, Timestamp};
use picket_ports::directory::DirectoryChange;
use picket_ports::event_log::Position;
use picket_ports::registry::DocumentKind;
use picket_ports::{LogRecord, Registry, RegistryError, StateBatch};
use tokio::sync::broadcast::{self, error::TryRecvError};
use tokio::sync::watch;

use crate::engine::Shared;
use crate::partition::{Effects, Partition, Scene};
use crate::record::{BadRecord, ReportsRecord};
use crate::stats::BrokenProfile;
use crate::storage::{self, StorageError};
use crate::watchlist::Watchlist;

/// Records of one partition that share a commit, and their bytes.
const RECORDS_MAX: usize = 4096;
const BYTES_MAX: usize = 8 << 20;
/// Records evaluated before other tasks get their turn.
const TURN: usize = 64;
/// How often history that is too old is removed.
const PRUNE_EVERY: Duration = Duration::from_secs(60);

/// The evaluating task's own state.
#[derive(Debug)]
pub(crate) struct Worker {
    shared: Arc<Shared>,
    partitions: Vec<Partition>,
    revision: watch::Receiver<u64>,
    changes: broadcast::Receiver<DirectoryChange>,
    /// The documents may have changed.
    reload: bool,
    /// Group memberships may have changed.
    regroup: bool,
    /// Memory holds what is not stored.
    ahead: bool,
    told: HashSet<(String, u64)>,
    pruned: Timestamp,
    second: (Timestamp, u64),
}

impl Worker {
    /// Loads state and profiles.
    pub(crate) async fn open(shared: Arc<Shared>) -> Result<Self, crate::OpenError> {
        let revision = shared.registry.documents_revision();
        let changes = shared.directory.changes();
        let mut partitions = Vec::new();
        for number in 0..shared.log.partitions() {
            let partition = storage::load(&*shared.store, number).await?;
            shared.book.restore(partition.alarms());
            shared.evaluated[usize::from(number)].store(partition.next, Ordering::Release);
            partitions.push(partition);
        }
        let now = shared.clock.now();
        let mut worker = Self {
            shared,
            partitions,
            revision,
            changes,
            reload: false,
            regroup: false,
            ahead: false,
            told: HashSet::new(),
            pruned: now,
            second: (now, 0),
        };
        worker.load_watchlist().await?;
        worker.revise().await?;
        Ok(worker)
    }

    /// Evaluates until told to stop.
    pub(crate) async fn run(mut self, tasks: Tasks) {
        while !tasks.is_stopping() {
            match self.round(&tasks).await {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => {
                    tracing::error!(%error, "reports are not evaluated at the moment; trying again");
                    pause(&tasks, Duration::from_millis(500)).await;
                }
            }
            tokio::select! {
                () = self.shared.wake.notified() => {}
                changed = self.revision.changed() => match changed {
                    Ok(()) => self.reload = true,
                    Err(_) => pause(&tasks, Duration::from_secs(1)).await,
                },
                change = self.changes.recv() => match change {
                    Err(broadcast::error::RecvError::Closed) => {
                        pause(&tasks, Duration::from_secs(1)).await;
                    }
                    _ => self.regroup = true,
                },
                () = pause(&tasks, Duration::from_secs(1)) => {}
            }
        }
    }

    /// Goes back to what is stored, if memory may be ahead of it after a failure.
    async fn go_back(&mut self) -> Result<(), StorageError> {
        if self.ahead {
            for partition in &mut self.partitions {
                *partition = storage::load(&*self.shared.store, partition.number).await?;
            }
            self.ahead = false;
        }
        Ok(())
    }

    /// Reads, evaluates and commits once. Returns whether there was anything.
    async fn round(&mut self, tasks: &Tasks) -> Result<bool, StorageError> {
        self.go_back().await?;
        self.notice_changes().await?;
        let mut all = Vec::new();
        let mut batch = StateBatch::default();
        let watchlist = self.shared.watchlist();
        for partition in &mut self.partitions {
            let from = Position { partition: partition.number, sequence: partition.next };
            if from.sequence >= self.shared.log.next_sequence(from.partition) {
                continue;
            }
            let records = self.shared.log.read(from, RECORDS_MAX, BYTES_MAX).await?;
            if records.is_empty() {
                continue;
            }
            self.ahead = true;
            let mut effects = Effects::default();
            for some in records.chunks(TURN) {
                evaluate(partition, some, &self.shared.scene(&watchlist), &mut effects);
                tokio::task::yield_now().await;
            }
            storage::save(partition, &effects, &mut batch)?;
            all.push((partition.number, effects));
        }
        if all.is_empty() {
            self.prune().await?;
            return Ok(false);
        }
        self.commit(batch, all, tasks).await?;
        Ok(true)
    }

    /// Stores `batch`, for as long as it takes: what is in memory is ahead of the store until then.
    async fn commit(
        &mut self,
        mut batch: StateBatch,
        all: Vec<(u16, Effects)>,
        tasks: &Tasks,
    ) -> Result<(), StorageError> {
        let events = all.iter().flat_map(|(_, effects)| &effects.events);
        let pen = self.shared.book.enter(events, &mut batch).await?;
        let mut wait = Duration::from_millis(50);
        let mut told = String::new();
        while let Err(error) = self.shared.store.commit(batch.clone()).await {
            let cause = error.to_string();
            if cause != told {
                tracing::error!(%error, "the state of detection could not be stored; trying again");
                told = cause;
            }
            if tasks.is_stopping() {
                return Ok(());
            }
            pause(tasks, wait).await;
            wait = (wait * 2).min(Duration::from_secs(10));
        }
        self.committed(all);
        // After the book knows of them: who is told of an alarm may ask for it.
        self.shared.book.committed(pen);
        Ok(())
    }

    fn committed(&mut self, all: Vec<(u16, Effects)>) {
        self.ahead = false;
        let shared = &self.shared;
        let mut evaluated = 0;
        for (number, effects) in all {
            let duplicates = effects.duplicates.len() as u64;
            evaluated += effects.evaluated;
            let strangers = effects.strangers.len() as u64;
            let all = effects.evaluated + duplicates + strangers + effects.unreadable;
            shared.detect.received(all);
            shared.detect.delivered(effects.evaluated);
            if duplicates > 0 {
                shared.detect.dropped("duplicate", duplicates);
                shared.counters.duplicates.fetch_add(duplicates, Ordering::Relaxed);
            }
            if strangers > 0 {
                shared.detect.dropped("too-many-identities", strangers);
            }
            if effects.unreadable > 0 {
                shared.detect.dropped("unreadable", effects.unreadable);
            }
            if let Some(partition) = self.partitions.get_mut(usize::from(number)) {
                partition.committed(&effects.changed);
            }
            shared.book.apply(effects);
        }
        shared.counters.reports.fetch_add(evaluated, Ordering::Relaxed);
        let mut things = 0;
        for partition in &self.partitions {
            things += partition.len() as u64;
            shared.evaluated[usize::from(partition.number)]
                .store(partition.next, Ordering::Release);
        }
        shared.counters.things.store(things, Ordering::Relaxed);
        self.second.1 += evaluated;
        let now = shared.clock.now();
        let passed = now.since(self.second.0);
        if passed >= Duration::from_secs(1) {
            let rate = self.second.1 as f64 / passed.as_secs_f64();
            shared.counters.reports_per_second.store(rate.round() as u64, Ordering::Relaxed);
            self.second = (now, 0);
        }
        shared.export_wake.notify_one();
    }

    /// Follows changes of the profiles and of who is in which group.
    async fn notice_changes(&mut self) -> Result<(), StorageError> {
        if self.revision.has_changed().unwrap_or(false) {
            self.revision.borrow_and_update();
            self.reload = true;
        }
        while let Ok(_) | Err(TryRecvError::Lagged(_)) = self.changes.try_recv() {
            self.regroup = true;
        }
        if std::mem::take(&mut self.reload)
            && let Err(error) = self.load_watchlist().await
        {
            self.reload = true;
            tracing::warn!(%error, "security profiles cannot be read; the loaded ones stay in force");
        }
        if std::mem::take(&mut self.regroup) {
            let renewed = self.shared.watchlist().renewed();
            self.shared.set_watchlist(renewed);
            self.revise().await?;
        }
        Ok(())
    }

    async fn load_watchlist(&mut self) -> Result<(), RegistryError> {
        let registry: &dyn Registry = &*self.shared.registry;
        let custom = registry.documents(DocumentKind::CustomMetric).await?;
        let profiles = registry.documents(DocumentKind::SecurityProfile).await?;
        let epoch = self.shared.watchlist().epoch + 1;
        let (list, broken) = Watchlist::load(epoch, &custom, &profiles);
        for BrokenProfile { kind, name, version, problems } in &broken {
            if self.told.insert((format!("{kind}/{name}"), *version)) {
                let problems = problems.join("; ");
                tracing::error!(kind, %name, version, %problems, "not in force until it is corrected");
            }
        }
        *self.shared.broken.write() = broken;
        self.shared.set_watchlist(list);
        self.regroup = true;
        Ok(())
    }

    /// Ends alarms of what is not monitored any more.
    async fn revise(&mut self) -> Result<(), StorageError> {
        let watchlist = self.shared.watchlist();
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
            self.commit(batch, all, &Tasks::new()).await?;
        }
        Ok(())
    }

    /// Removes history that is too old, now and then.
    async fn prune(&mut self) -> Result<(), StorageError> {
        let now = self.shared.clock.now();
        if now.since(self.pruned) < PRUNE_EVERY {
            return Ok(());
        }
        self.pruned = now;
        let keep = i64::try_from(self.shared.config.history.as_millis()).unwrap_or(i64::MAX);
        let before = Timestamp::from_millis(now.as_millis().saturating_sub(keep));
        self.shared.book.prune(before).await
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
                partition.next = sequence + 1;
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
