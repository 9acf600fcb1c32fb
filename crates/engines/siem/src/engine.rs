//! The SIEM: opening it, writing into it, and what its parts share.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use futures::TryStreamExt;
use picket_core::{Clock, Ledger, LedgerSnapshot, Tasks};
use picket_ports::{
    EventIndex, EventLog, EventLogs, IndexError, IndexedEvent, LogError, Registry, RegistryError,
    StateStores,
};
use serde::Serialize;
use tokio::sync::{Notify, Semaphore, watch};

use crate::catalogue::{Catalogue, CatalogueError};
use crate::config::SiemConfig;
use crate::entry;
use crate::indexer::Indexer;
use crate::indexes::Indexes;
use crate::keeper;
use crate::segment::{Segment, SegmentError, SegmentFiles};
use crate::view::View;

/// The log that takes events.
const LOG: &str = "siem";
/// The state store that holds the catalogue of segments.
const STATE: &str = "siem";

/// What the SIEM works with.
#[derive(Debug, Clone)]
pub struct SiemDeps {
    /// Where the log `siem` is opened, with one partition.
    pub logs: Arc<dyn EventLogs>,
    /// Where the state store `siem` is opened.
    pub states: Arc<dyn StateStores>,
    /// Holds the indexes, documents of kind `Index` (see [`crate::IndexDocument`]).
    pub registry: Arc<dyn Registry>,
    /// The directory of the segments; made if it is not there.
    pub root: PathBuf,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Owns the background tasks.
    pub tasks: Tasks,
}

/// Why the SIEM could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The log could not be opened.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The indexes could not be read.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The catalogue or the directory of segments could not be read.
    #[error("the segments could not be opened: {0}")]
    Segments(String),
}

impl From<CatalogueError> for OpenError {
    fn from(error: CatalogueError) -> Self {
        Self::Segments(error.to_string())
    }
}

impl From<SegmentError> for OpenError {
    fn from(error: SegmentError) -> Self {
        Self::Segments(error.to_string())
    }
}

/// Numbers for the console.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SiemStats {
    /// Events that can be found, in memory and in segments.
    pub events: u64,
    /// Bytes of their text.
    pub raw_bytes: u64,
    /// Events in memory that no segment has yet.
    pub recent_events: u64,
    /// Number of segments.
    pub segments: u64,
    /// Bytes of the segments' files.
    pub segment_bytes: u64,
    /// Records of the log that were stored and cannot be found yet.
    pub searchable_lag: u64,
    /// The account book of this process' life: received = delivered + dropped + in flight.
    pub ledger: LedgerSnapshot,
}

/// What the SIEM's parts share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: SiemConfig,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) tasks: Tasks,
    pub(crate) log: Arc<dyn EventLog>,
    pub(crate) catalogue: Catalogue,
    pub(crate) files: SegmentFiles,
    pub(crate) view: View,
    pub(crate) indexes: Indexes,
    pub(crate) ledger: Ledger,
    /// Records up to this one can be found.
    pub(crate) searchable: watch::Sender<u64>,
    /// Whether what the log held at the start can be found.
    pub(crate) replayed: watch::Sender<bool>,
    /// Records up to this one are in segments.
    pub(crate) consumed: watch::Sender<u64>,
    /// Bytes of records that were stored by this process and are not indexed yet.
    pub(crate) pending_bytes: AtomicU64,
    /// Records up to this one shall be sealed without waiting for size or age.
    pub(crate) seal_asked: AtomicU64,
    pub(crate) seal_now: Notify,
    /// The first record that this process can have written.
    pub(crate) first_own_sequence: u64,
    next_segment: AtomicU64,
    pub(crate) searches: Arc<Semaphore>,
}

impl Shared {
    /// The first of `count` segment numbers that nobody else gets.
    pub(crate) fn segment_numbers(&self, count: u64) -> u64 {
        self.next_segment.fetch_add(count, Ordering::SeqCst)
    }
}

/// The embedded SIEM. Cloning gives another handle to it.
#[derive(Debug, Clone)]
pub struct Siem {
    pub(crate) shared: Arc<Shared>,
}

impl Siem {
    /// Opens the SIEM and starts its tasks. Files that no catalogue entry names are removed. Events that
    /// were in the log and in no segment become searchable soon after; searches wait for them.
    ///
    /// # Errors
    /// The log, the catalogue, the directory or the registry could not be read.
    pub async fn open(config: SiemConfig, deps: SiemDeps) -> Result<Self, OpenError> {
        let log = deps.logs.open(LOG, 1).await?;
        let catalogue = Catalogue { store: deps.states.open_state(STATE).await? };
        let contents = catalogue.load().await?;
        let files = SegmentFiles::open(deps.root)?;
        let newest_file = remove_garbage(&files, &contents.segments).await?;
        let newest = contents.segments.iter().map(|segment| segment.number).max();
        let next_segment = newest.max(newest_file).map_or(1, |number| number + 1);
        let indexes = Indexes::load(deps.registry).await?;
        let consumed = contents.consumed;
        let shared = Arc::new(Shared {
            view: View::new(config.shred_limits(), contents.segments),
            searches: Arc::new(Semaphore::new(config.searches_max.max(1))),
            config,
            clock: deps.clock,
            tasks: deps.tasks,
            first_own_sequence: log.next_sequence(0).max(consumed + 1),
            log,
            catalogue,
            files,
            indexes,
            ledger: Ledger::new("index"),
            searchable: watch::Sender::new(consumed),
            replayed: watch::Sender::new(false),
            consumed: watch::Sender::new(consumed),
            pending_bytes: AtomicU64::new(0),
            seal_asked: AtomicU64::new(0),
            seal_now: Notify::new(),
            next_segment: AtomicU64::new(next_segment),
        });
        let indexer = Indexer::new(shared.clone(), consumed);
        shared.tasks.spawn("siem-indexer", indexer.run());
        shared.tasks.spawn("siem-keeper", keeper::run(shared.clone()));
        Ok(Self { shared })
    }

    /// Writes everything appended so far into segments; resolves when that is done, or when the server
    /// stops.
    pub async fn seal(&self) {
        let last = self.shared.log.next_sequence(0).saturating_sub(1);
        let mut consumed = self.shared.consumed.subscribe();
        self.shared.seal_asked.fetch_max(last, Ordering::SeqCst);
        self.shared.seal_now.notify_one();
        tokio::select! {
            _ = consumed.wait_for(|consumed| *consumed >= last) => {}
            () = self.shared.tasks.stopping() => {}
        }
    }

    /// Names of the indexes, in order.
    pub fn indexes(&self) -> Vec<String> {
        self.shared.indexes.names()
    }

    /// Reads the indexes from the registry again, at once instead of soon.
    ///
    /// # Errors
    /// The registry's.
    pub async fn refresh_indexes(&self) -> Result<(), RegistryError> {
        self.shared.indexes.refresh().await
    }

    /// Numbers for the console.
    pub fn stats(&self) -> SiemStats {
        let filling = self.shared.view.memory();
        let segments = self.shared.view.segments();
        let sum = |of: fn(&Segment) -> u64| segments.iter().map(|segment| of(segment)).sum::<u64>();
        let stored = self.shared.log.next_sequence(0).saturating_sub(1);
        SiemStats {
            events: filling.rows + sum(|segment| segment.rows),
            raw_bytes: filling.bytes + sum(|segment| segment.raw_bytes),
            recent_events: filling.rows,
            segments: segments.len() as u64,
            segment_bytes: sum(|segment| segment.bytes),
            searchable_lag: stored.saturating_sub(*self.shared.searchable.borrow()),
            ledger: self.shared.ledger.snapshot(),
        }
    }
}

/// Removes the files of segments that were never committed. Returns the highest number seen.
async fn remove_garbage(
    files: &SegmentFiles,
    segments: &[Arc<Segment>],
) -> Result<Option<u64>, SegmentError> {
    let known: std::collections::HashSet<_> =
        segments.iter().map(|segment| segment.path()).collect();
    let mut newest = None;
    let listed: Vec<_> = files.store.list(None).try_collect().await?;
    for file in listed.into_iter().filter(|file| !known.contains(&file.location)) {
        let number = file.location.filename().and_then(|name| name.strip_suffix(".parquet"));
        newest = newest.max(number.and_then(|number| u64::from_str_radix(number, 16).ok()));
        tracing::info!(file = %file.location, "a segment that was not finished is removed");
        files.remove(&file.location).await?;
    }
    Ok(newest)
}

#[async_trait]
impl EventIndex for Siem {
    fn has_index(&self, name: &str) -> bool {
        self.shared.indexes.has(name)
    }

    async fn append(&self, events: Vec<IndexedEvent>) -> Result<u64, IndexError> {
        let shared = &self.shared;
        if shared.tasks.is_stopping() {
            return Err(IndexError::ShuttingDown);
        }
        if let Some(event) = events.iter().find(|event| !shared.indexes.has(&event.index)) {
            return Err(IndexError::NoSuchIndex(event.index.clone()));
        }
        if events.is_empty() {
            return Ok(*shared.searchable.borrow());
        }
        let records = entry::encode(&events, shared.clock.now())
            .map_err(|error| IndexError::Storage(error.to_string()))?;
        let (count, bytes) = (records.len() as u64, records.iter().map(|r| r.len() as u64).sum());
        let pending = shared.pending_bytes.fetch_add(bytes, Ordering::SeqCst);
        let give_back = || shared.pending_bytes.fetch_sub(bytes, Ordering::SeqCst);
        if pending > 0 && pending + bytes > shared.config.pending_bytes_max {
            give_back();
            return Err(IndexError::Busy);
        }
        shared.ledger.received(events.len() as u64);
        match shared.log.append(0, records).await {
            Ok(first) => Ok(first.sequence + count - 1),
            Err(error) => {
                give_back();
                shared.ledger.dropped("not stored", events.len() as u64);
                Err(IndexError::Storage(error.to_string()))
            }
        }
    }

    fn searchable(&self) -> watch::Receiver<u64> {
        self.shared.searchable.subscribe()
    }
}
