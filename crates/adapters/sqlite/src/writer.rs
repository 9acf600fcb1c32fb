//! The one thread that writes: many operations, one transaction, one flush to the disk.

use std::sync::Arc;

use picket_ports::RegistryError;
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use crate::failure::Outcome;
use crate::feed::{Changes, Publisher};

const WAITING_MAX: usize = 1024;
const TRANSACTION_OPERATIONS_MAX: usize = 512;

/// The way to the writing thread.
#[derive(Debug)]
pub(crate) struct Writer {
    queue: mpsc::Sender<Order>,
}

enum Order {
    Write(Box<dyn Operation>),
    /// Finish and close the file; the sender is dropped when that is done.
    Close(oneshot::Sender<()>),
}

/// One write. It runs in a transaction that others share and is answered when that is durable.
trait Operation: Send {
    /// Returns whether it succeeded; if not, what it did is undone.
    fn run(&mut self, database: &Connection, changes: &mut Changes) -> bool;
    /// Tells the caller, who may have gone.
    fn answer(self: Box<Self>, committed: std::result::Result<(), &str>);
}

struct Waiting<T, F> {
    operation: Option<F>,
    outcome: Option<Outcome<T>>,
    caller: oneshot::Sender<Result<T, RegistryError>>,
}

impl<T, F> Operation for Waiting<T, F>
where
    T: Send,
    F: FnOnce(&Connection, &mut Changes) -> Outcome<T> + Send,
{
    fn run(&mut self, database: &Connection, changes: &mut Changes) -> bool {
        self.outcome = self.operation.take().map(|operation| operation(database, changes));
        matches!(self.outcome, Some(Ok(_)))
    }

    fn answer(self: Box<Self>, committed: std::result::Result<(), &str>) {
        let answer = match (self.outcome, committed) {
            (Some(Err(failure)), _) => Err(failure.into()),
            (Some(Ok(value)), Ok(())) => Ok(value),
            (_, Err(why)) => Err(RegistryError::Storage(why.to_owned())),
            (None, Ok(())) => Err(stopped()),
        };
        // A caller that has gone does not want to know.
        self.caller.send(answer).ok();
    }
}

impl Writer {
    /// Starts the thread. It ends when the writer is closed or dropped.
    pub(crate) fn start(
        database: Connection,
        publisher: Arc<Publisher>,
    ) -> Result<Self, RegistryError> {
        let (queue, orders) = mpsc::channel(WAITING_MAX);
        std::thread::Builder::new()
            .name("registry writer".into())
            .spawn(move || Thread { database, publisher }.run(orders))
            .map_err(|error| RegistryError::Storage(format!("no thread to write with: {error}")))?;
        Ok(Self { queue })
    }

    /// Runs `operation` in the next transaction and resolves when that is durable.
    pub(crate) async fn write<T, F>(&self, operation: F) -> Result<T, RegistryError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection, &mut Changes) -> Outcome<T> + Send + 'static,
    {
        let (caller, answer) = oneshot::channel();
        let waiting = Waiting { operation: Some(operation), outcome: None, caller };
        let sent = self.queue.send(Order::Write(Box::new(waiting))).await;
        sent.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }

    /// Writes what is waiting and closes the file.
    pub(crate) async fn close(&self) {
        let (closed, wait) = oneshot::channel();
        if self.queue.send(Order::Close(closed)).await.is_ok() {
            // Resolves with an error when the thread drops its end, which is what we wait for.
            wait.await.ok();
        }
    }
}

fn stopped() -> RegistryError {
    RegistryError::Storage("the registry is closed".into())
}

struct Thread {
    database: Connection,
    publisher: Arc<Publisher>,
}

impl Thread {
    fn run(self, mut orders: mpsc::Receiver<Order>) {
        let mut together = Vec::new();
        while let Some(order) = orders.blocking_recv() {
            let mut closing = take(order, &mut together);
            while closing.is_none() && together.len() < TRANSACTION_OPERATIONS_MAX {
                let Ok(order) = orders.try_recv() else { break };
                closing = take(order, &mut together);
            }
            self.transaction(&mut together);
            if let Some(closed) = closing {
                orders.close();
                if let Err((_, error)) = self.database.close() {
                    tracing::error!(%error, "the registry could not be closed in good order");
                }
                drop(closed);
                return;
            }
        }
    }

    fn transaction(&self, together: &mut Vec<Box<dyn Operation>>) {
        if together.is_empty() {
            return;
        }
        let committed = self.commit(together);
        let why = committed.map_err(|error| {
            tracing::error!(%error, operations = together.len(), "the registry could not commit");
            error.to_string()
        });
        for operation in together.drain(..) {
            operation.answer(why.as_ref().map_err(String::as_str).copied());
        }
    }

    fn commit(&self, together: &mut [Box<dyn Operation>]) -> rusqlite::Result<()> {
        self.statement("BEGIN IMMEDIATE")?;
        let mut changes = Changes::new();
        let ran = together.iter_mut().try_for_each(|it| self.one(&mut **it, &mut changes));
        let gate = self.publisher.hold();
        if let Err(error) = ran.and_then(|()| self.statement("COMMIT")) {
            // SQLite may have rolled back by itself, for example when the disk is full.
            if !self.database.is_autocommit() {
                self.statement("ROLLBACK")?;
            }
            return Err(error);
        }
        self.publisher.publish(changes);
        drop(gate);
        Ok(())
    }

    /// Runs one operation so that its failure leaves nothing behind and spoils no other.
    fn one(&self, operation: &mut dyn Operation, changes: &mut Changes) -> rusqlite::Result<()> {
        let before = changes.len();
        self.statement("SAVEPOINT operation")?;
        if !operation.run(&self.database, changes) {
            changes.truncate(before);
            self.statement("ROLLBACK TO operation")?;
        }
        self.statement("RELEASE operation")
    }

    fn statement(&self, text: &str) -> rusqlite::Result<()> {
        self.database.prepare_cached(text)?.execute([]).map(|_| ())
    }
}

fn take(order: Order, together: &mut Vec<Box<dyn Operation>>) -> Option<oneshot::Sender<()>> {
    match order {
        Order::Write(operation) => together.push(operation),
        Order::Close(closed) => return Some(closed),
    }
    None
}
