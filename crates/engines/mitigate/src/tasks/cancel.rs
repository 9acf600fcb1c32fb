//! `CancelDetectMitigationActionsTask` and `CancelAuditMitigationActionsTask`.

use std::sync::atomic::Ordering;

use picket_ports::StateBatch;

use super::storage;
use super::task::{TaskKind, TaskStatus};
use crate::{Mitigation, MitigationError, checked};

impl Mitigation {
    /// Cancels a task that is in progress. Steps that are under way come to their end; what was done stays
    /// done, the rest is not done any more, also not after a restart.
    pub async fn cancel_task(&self, kind: TaskKind, id: &str) -> Result<(), MitigationError> {
        checked::name("taskId", id)?;
        let _held = self.changing_tasks.lock().await;
        let not_found = || MitigationError::NotFound { kind: kind.words(), name: id.to_owned() };
        let mut task = self.store.task(kind, id).await?.ok_or_else(not_found)?;
        if task.status != TaskStatus::InProgress {
            return Err(MitigationError::Invalid(format!(
                "{} {id} is {}; only one that is in progress can be canceled",
                kind.words(),
                task.status.as_str(kind)
            )));
        }
        task.status = TaskStatus::Canceled;
        let mut batch = StateBatch::default();
        storage::put_task(&task, &mut batch)?;
        self.store.commit(batch).await?;
        if let Some(running) = self.running.lock().get(&(kind, id.to_owned())) {
            running.canceled.store(true, Ordering::Release);
        }
        Ok(())
    }
}
