//! Forgetting tasks that ended long ago.

use std::sync::Arc;
use std::time::Duration;

use picket_core::Timestamp;
use picket_ports::StateBatch;

use super::storage;
use super::task::{Task, TaskKind};
use crate::{Mitigation, MitigationError};

const EVERY: Duration = Duration::from_secs(3600);
/// Tasks and targets removed in one go.
const CHUNK: usize = 500;

impl Mitigation {
    /// Removes tasks that ended longer ago than they are kept; returns how many.
    pub async fn forget_old_tasks(&self) -> Result<usize, MitigationError> {
        let age = i64::try_from(self.config.retention().as_millis()).unwrap_or(i64::MAX);
        let earliest = Timestamp::from_millis(self.clock.now().as_millis().saturating_sub(age));
        let mut count = 0;
        for kind in TaskKind::ALL {
            count += self.forget_before(kind, earliest).await?;
        }
        Ok(count)
    }

    async fn forget_before(
        &self,
        kind: TaskKind,
        earliest: Timestamp,
    ) -> Result<usize, MitigationError> {
        let mut count = 0;
        let mut behind: Option<(Timestamp, String)> = None;
        loop {
            let after = behind.as_ref().map(|(started, id)| (*started, id.as_str()));
            let tasks = self.store.started(kind, after.ok_or(earliest), CHUNK).await?;
            let Some(last) = tasks.last() else { return Ok(count) };
            behind = Some(last.clone());
            for (_, id) in tasks {
                let task = self.store.task(kind, &id).await?;
                let is_old = |task: &Task| task.ended.is_some_and(|ended| ended < earliest);
                if let Some(task) = task.filter(is_old) {
                    self.forget(&task).await?;
                    count += 1;
                }
            }
        }
    }

    /// The task's own entry goes last, so that a removal that was cut short is taken up again.
    async fn forget(&self, task: &Task) -> Result<(), MitigationError> {
        loop {
            let targets = self.store.targets((task.kind(), &task.id), 0, CHUNK).await?;
            let mut batch = StateBatch::default();
            storage::delete_targets(task, &targets, &mut batch);
            let is_last = targets.len() < CHUNK;
            if is_last {
                storage::delete_task(task, &mut batch);
            }
            self.store.commit(batch).await?;
            if is_last {
                return Ok(());
            }
        }
    }

    pub(crate) async fn keep_forgetting(self: Arc<Self>) {
        loop {
            match self.forget_old_tasks().await {
                Ok(0) => {}
                Ok(count) => tracing::info!(count, "old mitigation tasks were removed"),
                Err(error) => tracing::warn!(%error, "old mitigation tasks could not be removed"),
            }
            tokio::select! {
                () = self.scope.stopping() => return,
                () = tokio::time::sleep(EVERY) => {}
            }
        }
    }
}
