//! The one thread that writes: group commit for all logs and state stores of a data directory.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;

use bytes::Bytes;
use fjall::PersistMode;
use parking_lot::Mutex;
use picket_ports::event_log::{LogError, Position};
use picket_ports::state_store::StateBatch;
use tokio::sync::{mpsc, oneshot};

use crate::FjallConfig;
use crate::failure::log_error;
use crate::log::LogCore;
use crate::space::FreeSpace;

const WAITING_MAX: usize = 4096;
const BATCH_BYTES_MAX: u64 = 8 << 20;
const BATCH_REQUESTS_MAX: usize = 2048;

/// What a caller wants written.
pub(crate) enum Work {
    /// Records for one partition of a log.
    Append { log: Arc<LogCore>, partition: u16, records: Vec<Bytes>, bytes: u64 },
    /// A batch for one state store.
    State { name: Arc<str>, keyspace: fjall::Keyspace, batch: StateBatch, bytes: u64 },
}

impl Work {
    fn bytes(&self) -> u64 {
        match self {
            Self::Append { bytes, .. } | Self::State { bytes, .. } => *bytes,
        }
    }

    fn target(&self) -> &str {
        match self {
            Self::Append { log, .. } => log.name(),
            Self::State { name, .. } => name,
        }
    }
}

struct Request {
    work: Work,
    done: oneshot::Sender<Result<Position, LogError>>,
}

/// A handle to the writing thread. Dropping it ends the thread after what is queued.
#[derive(Debug)]
pub(crate) struct Committer {
    queue: Option<mpsc::Sender<Request>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Committer {
    pub(crate) fn start(
        database: fjall::Database,
        path: PathBuf,
        config: &FjallConfig,
    ) -> fjall::Result<Self> {
        let (queue, requests) = mpsc::channel(WAITING_MAX);
        let space = FreeSpace::new(config.free_bytes_min);
        let writer = Writer { database, path, space };
        let thread = std::thread::Builder::new()
            .name("picket-committer".to_owned())
            .spawn(move || writer.run(requests))?;
        Ok(Self { queue: Some(queue), thread: Mutex::new(Some(thread)) })
    }

    /// Queues `work` and waits until it is on stable storage. For an append: where its first record
    /// stands.
    pub(crate) async fn commit(&self, work: Work) -> Result<Position, LogError> {
        let closed = LogError::Closed { log: work.target().to_owned() };
        let Some(queue) = &self.queue else { return Err(closed) };
        let (done, result) = oneshot::channel();
        if queue.send(Request { work, done }).await.is_err() {
            return Err(closed);
        }
        result.await.unwrap_or(Err(closed))
    }
}

impl Drop for Committer {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.lock().take()
            && thread.join().is_err()
        {
            tracing::error!("the committer thread ended in a panic");
        }
    }
}

struct Writer {
    database: fjall::Database,
    path: PathBuf,
    space: FreeSpace,
}

impl Writer {
    fn run(mut self, mut requests: mpsc::Receiver<Request>) {
        let mut group = Vec::new();
        while let Some(first) = requests.blocking_recv() {
            let mut bytes = first.work.bytes();
            group.push(first);
            while bytes < BATCH_BYTES_MAX && group.len() < BATCH_REQUESTS_MAX {
                let Ok(next) = requests.try_recv() else { break };
                bytes += next.work.bytes();
                group.push(next);
            }
            self.write(&mut group, bytes);
        }
    }

    /// Writes one group and answers every caller in it.
    fn write(&mut self, group: &mut Vec<Request>, bytes: u64) {
        if !self.space.allows(&self.path, bytes) {
            for request in group.drain(..) {
                let log = request.work.target().to_owned();
                answer(request.done, Err(LogError::DiskFull { log }));
            }
            return;
        }
        let mut batch = self.database.batch().durability(Some(PersistMode::SyncData));
        let mut positions = Vec::with_capacity(group.len());
        for request in group.iter_mut() {
            positions.push(stage(&mut batch, &self.database, &mut request.work));
        }
        let committed = batch.commit();
        if let Err(error) = &committed {
            tracing::error!(%error, requests = group.len(), "a group commit failed");
        }
        for (request, position) in group.drain(..).zip(positions) {
            let result = match (&committed, position) {
                (Ok(()), Ok(position)) => Ok(position),
                (Ok(()), Err(error)) => Err(error),
                (Err(error), _) => Err(log_error(request.work.target(), error)),
            };
            if let Work::Append { log, partition, .. } = &request.work {
                match &result {
                    Ok(_) => log.publish(*partition),
                    Err(_) => log.forget_staged(*partition),
                }
            }
            answer(request.done, result);
        }
    }
}

/// Puts one request's writes into the batch. Sequence numbers are given here, by the only writer.
fn stage(
    batch: &mut fjall::OwnedWriteBatch,
    database: &fjall::Database,
    work: &mut Work,
) -> Result<Position, LogError> {
    match work {
        Work::Append { log, partition, records, bytes } => {
            log.stage(batch, database, *partition, std::mem::take(records), *bytes)
        }
        Work::State { keyspace, batch: changes, .. } => {
            for (key, value) in changes.puts.drain(..) {
                batch.insert(keyspace, key, value);
            }
            for key in changes.deletes.drain(..) {
                batch.remove(keyspace, key);
            }
            Ok(Position { partition: 0, sequence: 0 })
        }
    }
}

fn answer(done: oneshot::Sender<Result<Position, LogError>>, result: Result<Position, LogError>) {
    if done.send(result).is_err() {
        tracing::trace!("a caller did not wait for its commit");
    }
}
