//! The promise that something becomes durable.

use std::sync::{Arc, OnceLock};

use tokio::sync::Notify;

/// What had to be stored was not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it could not be stored")]
pub struct NotStored;

/// Everything that is written with one commit.
#[derive(Debug, Default)]
pub(crate) struct Generation {
    outcome: OnceLock<Result<(), NotStored>>,
    settled: Notify,
}

impl Generation {
    /// Answers everyone who waits. Only the first outcome counts.
    pub(crate) fn settle(&self, outcome: Result<(), NotStored>) {
        // A second outcome is a retry of what was given up.
        if self.outcome.set(outcome).is_ok() {
            self.settled.notify_waiters();
        }
    }
}

/// A promise that changes made so far become durable. An acknowledgement of them waits for it.
#[derive(Debug, Clone)]
pub struct Stored {
    generation: Arc<Generation>,
}

impl Stored {
    pub(crate) fn with(generation: &Arc<Generation>) -> Self {
        Self { generation: Arc::clone(generation) }
    }

    /// A promise that is broken already.
    pub(crate) fn never() -> Self {
        let generation = Generation::default();
        generation.settle(Err(NotStored));
        Self { generation: Arc::new(generation) }
    }

    /// Resolves once they are on stable storage, or need not be any more because every receiver has
    /// acknowledged; fails if they could not be written.
    pub async fn wait(&self) -> Result<(), NotStored> {
        let mut settled = std::pin::pin!(self.generation.settled.notified());
        loop {
            settled.as_mut().enable();
            if let Some(outcome) = self.generation.outcome.get() {
                return *outcome;
            }
            settled.as_mut().await;
            settled.set(self.generation.settled.notified());
        }
    }
}
