//! Putting the engine together.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::RwLock;
use picket_core::{Clock, Ledger, LedgerSnapshot, Tasks};
use picket_ports::{
    AlarmListener, Directory, EventLog, EventLogs, LogError, Publish, Registry, RegistryError,
    StateStore, StateStores,
};
use tokio::sync::{Mutex, Notify, oneshot};

use crate::alarms::{AlarmBook, Limits};
use crate::cloud::Cells;
use crate::config::DetectConfig;
use crate::flush::{self, Flushed};
use crate::history::History;
use crate::intake::{Arrivals, Told};
use crate::keeper::Keeper;
use crate::partition::{LOG, Scene};
use crate::percentiles::Percentiles;
use crate::stats::{BrokenProfile, Counters, DetectStats};
use crate::storage::{self, StorageError};
use crate::wake::Wake;
use crate::watchlist::Watchlist;
use crate::worker::Worker;
use crate::{export, trim};

/// Evaluating tasks at most, however many processors there are.
const GROUPS_MAX: usize = 8;

/// What the engine needs from others.
#[derive(Debug, Clone)]
pub struct Dependencies {
    /// Where the `reports` log is kept.
    pub logs: Arc<dyn EventLogs>,
    /// Where the state `detect` is kept.
    pub states: Arc<dyn StateStores>,
    /// Security profiles and custom metrics.
    pub registry: Arc<dyn Registry>,
    /// Which things are registered, and their groups.
    pub directory: Arc<dyn Directory>,
    /// Who is told of alarms, each under a name of its own.
    pub listeners: Vec<Arc<dyn AlarmListener>>,
    /// Where exported metrics go.
    pub publish: Arc<dyn Publish>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Owns the engine's tasks.
    pub tasks: Tasks,
}

/// Why the engine did not start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The settings are wrong.
    #[error("the configuration of detection is wrong: {0}")]
    Config(String),
    /// Log or state cannot be opened.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The stored state cannot be read.
    #[error(transparent)]
    State(#[from] StorageError),
    /// The profiles cannot be read.
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

/// The detect engine: implements [`picket_ports::ReportIntake`], [`picket_ports::CloudMetrics`] and
/// [`picket_ports::Alarms`].
#[derive(Debug)]
pub struct DetectEngine {
    pub(crate) shared: Arc<Shared>,
}

/// What the engine's tasks share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: DetectConfig,
    pub(crate) log: Arc<dyn EventLog>,
    pub(crate) store: Arc<dyn StateStore>,
    pub(crate) history: History,
    pub(crate) registry: Arc<dyn Registry>,
    pub(crate) directory: Arc<dyn Directory>,
    pub(crate) publish: Arc<dyn Publish>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) reports: Ledger,
    pub(crate) detect: Ledger,
    pub(crate) export: Ledger,
    pub(crate) counters: Counters,
    pub(crate) cells: Cells,
    pub(crate) arrivals: Arrivals,
    pub(crate) told: Told,
    pub(crate) flushed: Mutex<Flushed>,
    pub(crate) book: AlarmBook,
    pub(crate) broken: RwLock<Vec<BrokenProfile>>,
    /// Next sequence to evaluate, by partition; all before it is committed.
    pub(crate) evaluated: Vec<AtomicU64>,
    /// Next sequence to export, by partition.
    pub(crate) exported: Vec<AtomicU64>,
    /// Something was appended to the log.
    pub(crate) wake: Wake,
    pub(crate) percentiles: Percentiles,
    /// Something was evaluated.
    pub(crate) export_wake: Notify,
    watchlist: RwLock<Arc<Watchlist>>,
}

impl Shared {
    pub(crate) fn watchlist(&self) -> Arc<Watchlist> {
        self.watchlist.read().clone()
    }

    pub(crate) fn set_watchlist(&self, list: Watchlist) {
        *self.watchlist.write() = Arc::new(list);
    }

    pub(crate) fn scene<'a>(&'a self, watchlist: &'a Watchlist) -> Scene<'a> {
        Scene {
            watchlist,
            directory: &*self.directory,
            window: self.config.window,
            grace: self.config.grace,
            silence: self.config.silence,
            things_max: self.config.identities_max / usize::from(self.config.partitions),
        }
    }
}

impl DetectEngine {
    /// Opens log and state, loads the profiles, and starts evaluating, flushing and exporting.
    /// Everything that was accepted before is taken up where it was left.
    pub async fn open(
        config: DetectConfig,
        dependencies: Dependencies,
    ) -> Result<Arc<Self>, OpenError> {
        let problems = config.problems();
        if !problems.is_empty() {
            return Err(OpenError::Config(problems.join("; ")));
        }
        let Dependencies { logs, states, registry, directory, listeners, publish, clock, tasks } =
            dependencies;
        let log = logs.open(LOG, config.partitions).await?;
        let store = states.open_state("detect").await?;
        let history = History::open(states).await?;
        let mut exported = Vec::new();
        for number in 0..config.partitions {
            let next = storage::export_offset(&*store, number).await?;
            exported.push(AtomicU64::new(next));
        }
        let limits =
            Limits { count_max: config.alert_queue_max, age_max: config.alert_queue_age_max };
        let book = AlarmBook::open(store.clone(), clock.clone(), listeners, limits).await?;
        let partitions = config.partitions;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let groups = cores.min(GROUPS_MAX).min(usize::from(partitions));
        let counters = Counters::new(partitions, clock.now());
        let flushed = Mutex::new(Flushed::starting(clock.now()));
        let shared = Arc::new(Shared {
            evaluated: (0..config.partitions).map(|_| AtomicU64::new(1)).collect(),
            exported,
            config,
            log,
            store,
            history,
            registry,
            directory,
            publish,
            clock,
            flushed,
            reports: Ledger::new("reports"),
            detect: Ledger::new("detect"),
            export: Ledger::new("export"),
            counters,
            cells: Cells::default(),
            arrivals: Arrivals::default(),
            told: Told::default(),
            book,
            broken: RwLock::default(),
            wake: Wake::new(groups),
            percentiles: Percentiles::new(partitions),
            export_wake: Notify::new(),
            watchlist: RwLock::default(),
        });
        let keeper = Keeper::open(shared.clone()).await?;
        let workers = open_workers(&shared, &tasks).await?;
        shared.book.start(&tasks);
        flush::tell_start(&shared).await?;
        for worker in workers {
            tasks.spawn("detect-worker", worker.run(tasks.clone()));
        }
        tasks.spawn("detect-keeper", keeper.run(tasks.clone()));
        tasks.spawn("detect-flush", flush::run(shared.clone(), tasks.clone()));
        tasks.spawn("detect-export", export::run(shared.clone(), tasks.clone()));
        tasks.spawn("detect-trim", trim::run(shared.clone(), tasks.clone()));
        Ok(Arc::new(Self { shared }))
    }

    /// The books of intake (`reports`), evaluation (`detect`), export (`export`) and the news of alarms
    /// (`alarm-news`), each of which counts once for each listener.
    pub fn ledgers(&self) -> [LedgerSnapshot; 4] {
        let Shared { reports, detect, export, book, .. } = &*self.shared;
        [reports.snapshot(), detect.snapshot(), export.snapshot(), book.ledger()]
    }

    /// How the engine is doing.
    pub fn stats(&self) -> DetectStats {
        let shared = &self.shared;
        let behind = |offsets: &[AtomicU64]| {
            let lag = |(number, next): (u16, &AtomicU64)| {
                shared.log.next_sequence(number).saturating_sub(next.load(Ordering::Acquire))
            };
            (0..).zip(offsets).map(lag).sum()
        };
        DetectStats {
            reports: Counters::get(&shared.counters.reports),
            reports_per_second: shared.counters.rate(),
            duplicates: Counters::get(&shared.counters.duplicates),
            lag_records: behind(&shared.evaluated) + shared.percentiles.waiting() as u64,
            export_lag_records: behind(&shared.exported),
            things: shared.counters.things.iter().map(Counters::get).sum(),
            active_alarms: shared.book.len() as u64,
            alarms: shared.book.counts(),
            profiles: shared.watchlist().profiles().len() as u64,
            broken: shared.broken.read().clone(),
        }
    }

    /// Writes the counts of the front door to the log now instead of at the next interval.
    pub async fn flush(&self) -> Result<(), LogError> {
        flush::flush(&self.shared).await
    }
}

/// Loads all groups side by side: there may be a million devices.
async fn open_workers(shared: &Arc<Shared>, tasks: &Tasks) -> Result<Vec<Worker>, OpenError> {
    let mut opening = Vec::new();
    for group in 0..shared.wake.groups() {
        let (done, opened) = oneshot::channel();
        let shared = shared.clone();
        tasks.spawn("detect-open", async move {
            // Nobody waits for it any more if another one has failed.
            drop(done.send(Worker::open(shared, group).await));
        });
        opening.push(opened);
    }
    let mut workers = Vec::new();
    for opened in opening {
        let stopped = || OpenError::Config("the engine was stopped while it was opened".to_owned());
        workers.push(opened.await.map_err(|_| stopped())??);
    }
    Ok(workers)
}
