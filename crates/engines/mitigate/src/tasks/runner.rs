//! Goes through the targets of a task until it is over.
//!
//! The one way tasks are worked on, after their start and after a restart alike. What is stored says
//! how far each target has come: a step is stored as under way before it is done and as ended after.
//! One that is found under way was cut short somewhere between, and is done again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::StreamExt as _;
use parking_lot::Mutex;
use picket_ports::StateBatch;

use super::step::Outcome;
use super::storage;
use super::target::{StepStatus, Target};
use super::task::{Tally, Task, TaskKind, TaskStatus};
use crate::actions::Effect;
use crate::{Mitigation, MitigationError};

const STORAGE_WAIT: Duration = Duration::from_secs(1);

/// What others see of a task that is being worked on.
#[derive(Debug)]
pub(crate) struct Running {
    pub(super) canceled: AtomicBool,
    pub(super) tally: Mutex<Tally>,
}

impl Mitigation {
    /// Takes up the tasks that were not over when the server stopped.
    pub(crate) async fn take_up_tasks(self: &Arc<Self>) -> Result<(), MitigationError> {
        for (kind, id) in self.store.running().await? {
            match self.store.task(kind, &id).await? {
                Some(task) => {
                    tracing::info!(task = id, kind = kind.as_str(), "a mitigation task goes on");
                    self.go_on_with(task);
                }
                None => tracing::error!(task = id, "a mitigation task is not there any more"),
            }
        }
        Ok(())
    }

    pub(crate) fn count_running(&self, kind: TaskKind) -> usize {
        self.running.lock().keys().filter(|(of, _)| *of == kind).count()
    }

    /// Works on a task in the background.
    pub(super) fn go_on_with(self: &Arc<Self>, task: Task) {
        let running = Arc::new(Running {
            canceled: AtomicBool::new(task.status == TaskStatus::Canceled),
            tally: Mutex::new(task.tally.clone()),
        });
        self.running.lock().insert((task.kind(), task.id.clone()), Arc::clone(&running));
        let mitigation = Arc::clone(self);
        self.scope.spawn("mitigation-task", async move { mitigation.run(task, running).await });
    }

    async fn run(self: Arc<Self>, task: Task, running: Arc<Running>) {
        let (task_ref, running_ref) = (&task, &*running);
        let mut targets = futures::stream::iter(0..task.targets)
            .map(|number| self.work_on(task_ref, running_ref, number))
            .buffer_unordered(self.config.targets_at_once);
        while let Some(is_finished) = targets.next().await {
            if is_finished.is_none() {
                return;
            }
        }
        drop(targets);
        self.insist("the end of a task", || self.end(&task, &running)).await.unwrap_or_default();
    }

    /// Works on one target until it is finished; `None` if the server stops before.
    async fn work_on(&self, task: &Task, running: &Running, number: u32) -> Option<()> {
        let (kind, id) = (task.kind(), task.id.as_str());
        let target = self.insist("a target", || self.store.target(kind, id, number)).await?;
        let Some(mut target) = target else {
            tracing::error!(task = id, number, "a target of a mitigation task is not there");
            return Some(());
        };
        if !target.is_finished() {
            for at in 0..target.steps.len() {
                self.do_step(task, running, (number, &mut target), at).await?;
            }
            self.keep(task, number, &target).await?;
        }
        running.tally.lock().add(&target);
        Some(())
    }

    async fn do_step(
        &self,
        task: &Task,
        running: &Running,
        (number, target): (u32, &mut Target),
        at: usize,
    ) -> Option<()> {
        let failed = target.steps.iter().take(at).find(|step| step.status == StepStatus::Failed);
        let failed = failed.and_then(|step| task.actions.get(step.action));
        let is_canceled = running.canceled.load(Ordering::Acquire);
        let step = target.steps.get_mut(at)?;
        let was_cut_short = step.status == StepStatus::InProgress;
        let now = self.clock.now();
        match (step.status, failed) {
            (status, _) if status.is_final() => return Some(()),
            (StepStatus::Pending, Some(failed)) => {
                let why = format!("not done: {} failed before it", failed.name);
                step.end_unbegun(StepStatus::Skipped, why, now);
                return Some(());
            }
            (StepStatus::Pending, None) if is_canceled => {
                let why = "the task was canceled".to_owned();
                step.end_unbegun(StepStatus::Canceled, why, now);
                return Some(());
            }
            (StepStatus::Pending, None) => {
                step.status = StepStatus::InProgress;
                step.started = Some(now);
                self.keep(task, number, target).await?;
            }
            // It was under way when the server went down, so it may or may not have been done.
            _ => {}
        }
        let outcome = self.carry_out(task, target, at).await?;
        if let Outcome::Done(changes) = &outcome
            && !action_publishes(task, target, at)
        {
            self.record(task, changes, was_cut_short).await;
        }
        note(target, at, (outcome, self.clock.now()));
        // What is skipped because of a failure is stored with it.
        self.keep(task, number, target).await
    }

    async fn keep(&self, task: &Task, number: u32, target: &Target) -> Option<()> {
        self.insist("a target", || async {
            let mut batch = StateBatch::default();
            storage::put_target((task.kind(), &task.id), number, target, &mut batch)?;
            Ok(self.store.commit(batch).await?)
        })
        .await
    }

    async fn end(&self, task: &Task, running: &Running) -> Result<(), MitigationError> {
        // Whoever sees that the task is over and starts another one waits until its place is free.
        let _held = self.changing_tasks.lock().await;
        let Some(mut task) = self.store.task(task.kind(), &task.id).await? else { return Ok(()) };
        task.tally = running.tally.lock().clone();
        task.ended = Some(self.clock.now().max(task.started));
        task.status = match task.status {
            TaskStatus::InProgress if task.tally.failed > 0 => TaskStatus::Failed,
            TaskStatus::InProgress => TaskStatus::Done,
            other => other,
        };
        let mut batch = StateBatch::default();
        storage::put_over(&task, &mut batch)?;
        self.store.commit(batch).await?;
        self.running.lock().remove(&(task.kind(), task.id.clone()));
        tracing::info!(
            task = task.id,
            status = task.status.as_str(task.kind()),
            executed = task.tally.executed,
            skipped = task.tally.skipped,
            failed = task.tally.failed,
            "a mitigation task has ended"
        );
        Ok(())
    }

    /// Tries until it succeeds; `None` if the server stops before.
    async fn insist<T, F>(&self, what: &str, attempt: impl Fn() -> F) -> Option<T>
    where
        F: Future<Output = Result<T, MitigationError>>,
    {
        loop {
            match attempt().await {
                Ok(value) => return Some(value),
                Err(error) => tracing::error!(%error, "{what} could not be read or stored"),
            }
            tokio::select! {
                () = self.scope.stopping() => return None,
                () = tokio::time::sleep(STORAGE_WAIT) => {}
            }
        }
    }
}

/// Whether a step publishes, which changes nothing.
fn action_publishes(task: &Task, target: &Target, at: usize) -> bool {
    let action = target.steps.get(at).and_then(|step| task.actions.get(step.action));
    action.is_some_and(|action| matches!(action.params.effect(), Effect::Publish(_)))
}

fn note(target: &mut Target, at: usize, (outcome, now): (Outcome, picket_core::Timestamp)) {
    let Some(step) = target.steps.get_mut(at) else { return };
    step.ended = Some(now);
    match outcome {
        Outcome::Done(changes) => {
            step.status = StepStatus::Done;
            step.changes = changes;
        }
        Outcome::Skipped(why) => {
            step.status = StepStatus::Skipped;
            step.message = Some(why);
        }
        Outcome::Failed { code, message } => {
            step.status = StepStatus::Failed;
            step.error_code = Some(code);
            step.message = Some(message);
        }
    }
}
