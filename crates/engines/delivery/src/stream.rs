//! One delivery stream: its log, its books, its route, and the tasks that work on it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use picket_core::{Account, Clock, Tasks};
use picket_ports::event_log::Position;
use picket_ports::{DeliveryError, EventLog, EventLogs, LogError, Receipt, Record, StateStore};
use tokio::sync::{Notify, RwLock, Semaphore, mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::backup::BackupStore;
use crate::books::Books;
use crate::config::DeliveryConfig;
use crate::process::Functions;
use crate::record::{self, RECORD_BYTES_MAX, RecordNames};
use crate::route::Route;
use crate::state::{self, StreamState};
use crate::{committer, reader};

/// Records and bytes read at once to learn how much waits.
const SCAN_RECORDS: usize = 10_000;
const SCAN_BYTES: usize = 8 << 20;
/// Waiting bytes that are counted exactly at a start.
const COUNTED_BYTES_MAX: u64 = 128 << 20;

/// What all streams share.
#[derive(Debug, Clone)]
pub(crate) struct Common {
    pub(crate) config: Arc<DeliveryConfig>,
    pub(crate) logs: Arc<dyn EventLogs>,
    pub(crate) store: Arc<dyn StateStore>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) functions: Option<Arc<dyn Functions>>,
    pub(crate) backup: BackupStore,
    pub(crate) account: Account,
    pub(crate) tasks: Tasks,
    /// A deleted stream has come to its end.
    pub(crate) ended: Arc<Notify>,
}

/// One stream.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) name: String,
    pub(crate) arn: String,
    pub(crate) names: RecordNames,
    pub(crate) common: Common,
    pub(crate) log: Arc<dyn EventLog>,
    pub(crate) books: Books,
    pub(crate) routes: watch::Sender<Arc<Route>>,
    pub(crate) in_flight: Arc<Semaphore>,
    /// Cancelled when not even answers are waited for any more.
    pub(crate) hard: CancellationToken,
    /// True once no more records are taken; held for reading while a record is stored.
    closed: RwLock<bool>,
    over: AtomicBool,
}

/// A stream's log and state, before it has a route.
#[derive(Debug)]
pub(crate) struct Storage {
    pub(crate) log: Arc<dyn EventLog>,
    pub(crate) state: StreamState,
    waiting_bytes: u64,
}

impl Storage {
    pub(crate) async fn open(common: &Common, name: &str) -> Result<Self, LogError> {
        let log = common.logs.open(&record::log_name(name), 1).await?;
        let state = state::load(&*common.store, name).await?;
        // A channel that was just made up has to be the same next time.
        state::save(&*common.store, name, state).await?;
        let waiting_bytes =
            waiting_bytes(&*log, state.next, common.config.backlog_bytes_max).await?;
        Ok(Self { log, state, waiting_bytes })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.log.next_sequence(0) <= self.state.next
    }
}

/// The size of what waits from `next` on. Of much, only the beginning is read and the rest estimated, so
/// that a start does not take long; nothing is counted beyond `bytes_max`.
async fn waiting_bytes(log: &dyn EventLog, next: u64, bytes_max: u64) -> Result<u64, LogError> {
    let mut from = Position { partition: 0, sequence: next };
    let mut bytes = 0;
    while bytes < bytes_max.min(COUNTED_BYTES_MAX) {
        let records = log.read(from, SCAN_RECORDS, SCAN_BYTES).await?;
        let Some(last) = records.last() else { return Ok(bytes) };
        from.sequence = last.position.sequence + 1;
        let size = |payload| record::decode(payload).map_or(0, |record| record.data.len() as u64);
        bytes += records.iter().map(|it| size(&it.payload)).sum::<u64>();
    }
    let counted = from.sequence.saturating_sub(next).max(1);
    let rest = log.next_sequence(0).saturating_sub(from.sequence);
    Ok(bytes.saturating_add(rest.saturating_mul(bytes / counted)).min(bytes_max))
}

impl Stream {
    /// Starts the stream's tasks.
    pub(crate) fn start(
        name: &str,
        common: Common,
        storage: Storage,
        route: Route,
        hard: CancellationToken,
    ) -> Arc<Self> {
        let Storage { log, state, waiting_bytes } = storage;
        let in_flight = Arc::new(Semaphore::new(common.config.in_flight_max));
        let tasks = common.tasks.clone();
        let (done, ends) = mpsc::channel(common.config.in_flight_max);
        let stream = Arc::new(Self {
            name: name.to_owned(),
            arn: common.account.delivery_stream_arn(name),
            names: RecordNames::of(name),
            books: Books::new(name, state.next, waiting_bytes),
            routes: watch::Sender::new(Arc::new(route)),
            log,
            common,
            in_flight,
            hard,
            closed: RwLock::new(false),
            over: AtomicBool::new(false),
        });
        tasks.spawn("delivery-reader", reader::run(stream.clone(), state.next, done));
        tasks.spawn("delivery-committer", committer::run(stream.clone(), state, ends));
        stream
    }

    pub(crate) fn route(&self) -> Arc<Route> {
        self.routes.borrow().clone()
    }

    /// Stores records. Resolves after the fsync.
    pub(crate) async fn put(&self, records: Vec<Record>) -> Result<Vec<Receipt>, DeliveryError> {
        let closed = self.closed.read().await;
        if *closed {
            return Err(DeliveryError::NoSuchStream(self.name.clone()));
        }
        let bytes_max = RECORD_BYTES_MAX;
        if let Some(record) = records.iter().find(|record| record.data.len() > bytes_max) {
            return Err(DeliveryError::TooLarge { bytes: record.data.len(), bytes_max });
        }
        if records.is_empty() {
            return Ok(Vec::new());
        }
        let unavailable =
            |cause: String| DeliveryError::Unavailable { stream: self.name.clone(), cause };
        let bytes: u64 = records.iter().map(|record| record.data.len() as u64).sum();
        let room = self.common.config.backlog_bytes_max;
        self.books.reserve(bytes, room).map_err(|waiting| {
            unavailable(format!("its queue is full: {waiting} of {room} bytes wait for delivery"))
        })?;
        let count = records.len() as u64;
        let payloads = records.iter().map(record::encode).collect();
        match self.log.append(0, payloads).await {
            Ok(first) => Ok((first.sequence..first.sequence + count)
                .map(|sequence| Receipt { record_id: self.names.record_id(sequence) })
                .collect()),
            Err(error) => {
                self.books.release(bytes);
                self.books.refused_put();
                Err(unavailable(error.to_string()))
            }
        }
    }

    /// Takes no more records; what is left goes to the backup, and then the tasks end.
    pub(crate) async fn close(&self) {
        *self.closed.write().await = true;
        self.routes.send_modify(|route| *route = Arc::new(route.to_backup()));
    }

    /// The stream was closed and has nothing left.
    pub(crate) fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }

    pub(crate) fn end(&self) {
        self.over.store(true, Ordering::Release);
        self.common.ended.notify_one();
    }
}
