//! Every background task has a parent that waits for it.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use pin_project_lite::pin_project;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A scope that owns tasks. Cloning gives another handle to the same scope.
#[derive(Debug, Clone, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    stop: CancellationToken,
    busy: Arc<Mutex<BTreeMap<&'static str, Arc<AtomicU64>>>>,
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
        let timed = Timed { future, name, busy: self.busy_of(name) };
        tokio::spawn(self.tracker.track_future(timed))
    }

    /// How long the tasks of each name have been running, waiting not counted. Under load that is about
    /// the processor time they took.
    pub fn busy(&self) -> Vec<(&'static str, Duration)> {
        let busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        let read = |ns: &AtomicU64| Duration::from_nanos(ns.load(Ordering::Relaxed));
        busy.iter().map(|(name, ns)| (*name, read(ns))).collect()
    }

    fn busy_of(&self, name: &'static str) -> Arc<AtomicU64> {
        let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        busy.entry(name).or_default().clone()
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

pin_project! {
    /// Adds the time of each poll to a sum. Not an `async` block: that would hold the future twice, and
    /// there is one for each connection.
    struct Timed<F> {
        #[pin]
        future: F,
        name: &'static str,
        busy: Arc<AtomicU64>,
    }
}

impl<F: Future<Output = ()>> Future for Timed<F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        let started = Instant::now();
        let polled = this.future.poll(context);
        let ns = u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX);
        this.busy.fetch_add(ns, Ordering::Relaxed);
        if polled.is_ready() {
            tracing::trace!(task = this.name, "task ended");
        }
        polled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_time_a_task_runs_is_counted_and_the_time_it_waits_is_not() {
        let tasks = Tasks::new();
        let stop = tasks.token();
        tasks.spawn("waits", async move { stop.cancelled().await });
        let worked = tasks.spawn("works", async {
            let until = Instant::now() + Duration::from_millis(20);
            while Instant::now() < until {
                std::hint::spin_loop();
            }
        });
        worked.await.unwrap();
        assert!(tasks.shut_down(Duration::from_secs(5)).await);
        let busy: BTreeMap<_, _> = tasks.busy().into_iter().collect();
        assert!(busy["works"] >= Duration::from_millis(20), "{busy:?}");
        assert!(busy["waits"] < busy["works"], "{busy:?}");
    }
}
