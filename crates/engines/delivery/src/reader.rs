//! The task that reads a stream's log, transforms, and cuts batches by size and interval.

use std::sync::Arc;
use std::time::Duration;

use picket_core::Timestamp;
use picket_ports::LogError;
use picket_ports::event_log::{LogRecord, Position};
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use crate::backup::lines::Cause;
use crate::batch::{Assembler, Batch, Incoming, Outcome};
use crate::document::BackupMode;
use crate::job::{self, Finished};
use crate::process::{FunctionCx, Local, Sourced, Transform, run_function, run_local};
use crate::record;
use crate::route::Route;
use crate::stream::Stream;

/// Read from the log at once.
const READ_RECORDS: usize = 4096;
const READ_BYTES: usize = 1 << 20;
/// Longest time between two looks at the clock while a buffer waits for its interval.
const LOOK: Duration = Duration::from_millis(100);
/// Pause after the log could not be read.
const READ_RETRY: Duration = Duration::from_secs(1);

/// Why the reader ends.
enum Over {
    Stopping,
    Deleted,
}

struct Reader {
    stream: Arc<Stream>,
    done: mpsc::Sender<Finished>,
    /// The next sequence to read.
    next: u64,
    assembler: Assembler,
    /// When the first record came into the buffer that is open.
    opened: Option<Timestamp>,
}

/// Reads from sequence `next` on until the engine stops or the stream is deleted.
pub(crate) async fn run(stream: Arc<Stream>, next: u64, done: mpsc::Sender<Finished>) {
    let assembler = Assembler::new(stream.route().destination.size_bytes, false);
    let mut reader = Reader { stream: stream.clone(), done, next, assembler, opened: None };
    let over = reader.work().await;
    drop(reader);
    // All permits are back when the last batch has ended.
    let all = u32::try_from(stream.common.config.in_flight_max).unwrap_or(u32::MAX);
    let idle = stream.in_flight.acquire_many(all);
    let drain = stream.common.config.drain();
    match over {
        Over::Stopping => {
            if tokio::time::timeout(drain, idle).await.is_err() {
                tracing::info!(stream = %stream.name, "batches on their way are sent again after the restart");
            }
        }
        Over::Deleted => tokio::select! {
            _ = idle => {}
            () = async { stream.common.tasks.stopping().await; tokio::time::sleep(drain).await } => {}
        },
    }
    stream.hard.cancel();
}

impl Reader {
    async fn work(&mut self) -> Over {
        let stream = self.stream.clone();
        let mut routes = stream.routes.subscribe();
        let tasks = &stream.common.tasks;
        loop {
            let route = routes.borrow_and_update().clone();
            let keep_source = route.destination.backup_mode == BackupMode::AllEvents;
            self.assembler.configure(route.destination.size_bytes, keep_source);
            if self.is_caught_up() && self.is_due(&route) {
                self.assembler.seal();
            }
            if !self.dispatch().await {
                return Over::Stopping;
            }
            if self.is_caught_up() && route.is_gone() {
                return Over::Deleted;
            }
            let position = Position { partition: 0, sequence: self.next };
            let look = self.look(&route);
            tokio::select! {
                () = tasks.stopping() => return Over::Stopping,
                () = stream.log.wait_for(position) => {}
                () = tokio::time::sleep(look.unwrap_or_default()), if look.is_some() => continue,
                changed = routes.changed() => {
                    if changed.is_err() {
                        return Over::Stopping;
                    }
                    continue;
                }
            }
            let taken = tokio::select! {
                () = tasks.stopping() => return Over::Stopping,
                taken = stream.log.read(position, READ_RECORDS, READ_BYTES) => taken,
            };
            if !self.take(&route, taken).await {
                return Over::Stopping;
            }
        }
    }

    fn is_caught_up(&self) -> bool {
        self.next >= self.stream.log.next_sequence(0)
    }

    fn is_due(&self, route: &Route) -> bool {
        let now = self.stream.common.clock.now();
        self.opened.is_some_and(|opened| now.since(opened) >= route.interval)
    }

    /// How long until the clock is to be looked at again; absent when no buffer is open.
    fn look(&self, route: &Route) -> Option<Duration> {
        let waited = self.stream.common.clock.now().since(self.opened?);
        Some(route.interval.saturating_sub(waited).clamp(Duration::from_millis(1), LOOK))
    }

    /// Puts what was read into the buffer. False when the engine is stopping.
    async fn take(&mut self, route: &Route, read: Result<Vec<LogRecord>, LogError>) -> bool {
        let tasks = self.stream.common.tasks.clone();
        match read {
            Ok(records) => tokio::select! {
                () = tasks.stopping() => false,
                () = self.process(route, records) => true,
            },
            Err(error) => {
                self.stream.books.note("Picket.LogUnreadable", &error.to_string());
                tokio::select! {
                    () = tasks.stopping() => false,
                    () = tokio::time::sleep(READ_RETRY) => true,
                }
            }
        }
    }

    async fn process(&mut self, route: &Route, read: Vec<LogRecord>) {
        let now = self.stream.common.clock.now();
        let Some(last) = read.last().map(|record| record.position.sequence) else { return };
        let mut sourced = Vec::with_capacity(read.len());
        for LogRecord { position, payload } in read {
            match record::decode(&payload) {
                Ok(record) => sourced.push(Sourced { sequence: position.sequence, record }),
                Err(error) => {
                    // Order within the batch is by sequence, so what came before goes first.
                    self.transform(route, std::mem::take(&mut sourced), now).await;
                    let cause = Cause {
                        code: "Picket.DamagedRecord",
                        message: error.to_string(),
                        attempts: 0,
                        ended: now,
                    };
                    let sequence = position.sequence;
                    let record = Incoming { sequence, arrived: now, data: &payload };
                    self.assembler.add(record, Outcome::Failed(cause));
                }
            }
        }
        self.transform(route, sourced, now).await;
        self.next = last + 1;
        self.opened = self.assembler.oldest().map(|arrived| {
            let before = self.opened.unwrap_or(now);
            // An arrival in the future must not hold the buffer back.
            arrived.min(before).min(now)
        });
    }

    async fn transform(&mut self, route: &Route, records: Vec<Sourced>, now: Timestamp) {
        if records.is_empty() {
            return;
        }
        let native = match &route.transform {
            Transform::None => None,
            Transform::Native(native, _) => Some(native.clone()),
            Transform::Function(step) => {
                let common = &self.stream.common;
                let cx = FunctionCx {
                    functions: common.functions.as_deref(),
                    step,
                    stream_arn: &self.stream.arn,
                    region: &common.account.region,
                    names: self.stream.names,
                    clock: &*common.clock,
                    backoff: common.config.backoff(),
                };
                let outcomes = run_function(cx, &records).await;
                for (sourced, outcome) in records.iter().zip(outcomes) {
                    self.assembler.add(sourced.incoming(), outcome);
                }
                return;
            }
        };
        let spare = Assembler::new(route.destination.size_bytes, false);
        let assembler = std::mem::replace(&mut self.assembler, spare);
        let local = Local { native, names: self.stream.names, now };
        match run_local(local, records, assembler).await {
            Ok(assembler) => self.assembler = assembler,
            // Only a runtime that is being torn down, or a defect, ends here; nothing was committed.
            Err(error) => {
                tracing::error!(stream = %self.stream.name, %error, "a transform did not end");
                self.stream.hard.cancel();
                std::future::pending::<()>().await;
            }
        }
    }

    /// Sends what was cut on its way. False when the engine is stopping.
    async fn dispatch(&mut self) -> bool {
        let sealed = self.assembler.take_sealed();
        if !sealed.is_empty() && self.assembler.oldest().is_none() {
            self.opened = None;
        }
        for batch in sealed {
            let tasks = self.stream.common.tasks.clone();
            let permit = tokio::select! {
                () = tasks.stopping() => return false,
                permit = self.stream.in_flight.clone().acquire_owned() => permit,
            };
            // The semaphore is never closed.
            let Ok(permit) = permit else { return false };
            self.send(batch, permit);
        }
        true
    }

    fn send(&self, batch: Batch, permit: OwnedSemaphorePermit) {
        let (stream, done) = (self.stream.clone(), self.done.clone());
        self.stream.common.tasks.spawn("delivery-batch", async move {
            if let Ok(finished) = job::run(&stream, batch).await
                && done.send(finished).await.is_err()
            {
                tracing::debug!(stream = %stream.name, "a batch ended after its stream");
            }
            drop(permit);
        });
    }
}
