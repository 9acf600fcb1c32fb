//! Every background task has a parent that waits for it.

use std::future::Future;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A scope that owns tasks. Cloning gives another handle to the same scope.
#[derive(Debug, Clone, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Tasks {
    /// A scope with no tasks.
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts `future` in this scope. `name` shows in the log when the task is late at shutdown.
    /// The task must end on its own soon after [`Tasks::stopping`] resolves.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that spawns")]
    pub fn spawn<F>(&self, name: &'static str, future: F) -> JoinHandle<()>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        tokio::spawn(self.tracker.track_future(async move {
            future.await;
            tracing::trace!(task = name, "task ended");
        }))
    }

    /// Resolves when the scope has been told to stop.
    pub async fn stopping(&self) {
        self.stop.cancelled().await;
    }

    /// Whether the scope has been told to stop.
    pub fn is_stopping(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// A token that is cancelled when the scope is told to stop.
    pub fn token(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Tells the tasks to stop and waits for them, `grace` at most. Returns false if some were late.
    pub async fn shut_down(&self, grace: Duration) -> bool {
        self.stop.cancel();
        self.tracker.close();
        let ended = tokio::time::timeout(grace, self.tracker.wait()).await.is_ok();
        if !ended {
            tracing::warn!(late = self.tracker.len(), "tasks did not stop in time");
        }
        ended
    }
}
