//! `StartDetectMitigationActionsTask` and `StartAuditMitigationActionsTask`.
//!
//! Everything is settled here: actions and targets are looked up once and stored in one batch, with
//! which the task exists.

use std::collections::BTreeSet;
use std::sync::Arc;

use picket_core::Timestamp;
use picket_ports::StateBatch;

use super::storage;
use super::target::Target;
use super::task::{ActionDefinition, Tally, Task, TaskKind, TaskRequest, TaskStatus};
use crate::actions::Effect;
use crate::{Mitigation, MitigationError, checked};

/// A task to be started.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewTask {
    /// Its id, chosen by who starts it; used once for each kind of task.
    pub id: String,
    /// With the token and the request of the task that has this id already, starting it again is fine.
    pub token: Option<String>,
    /// The user who starts it.
    pub by: String,
    /// What that user notes, 1000 characters at most.
    pub note: Option<String>,
}

/// What a request comes to.
#[derive(Debug)]
pub(super) struct Settled {
    pub(super) actions: Vec<ActionDefinition>,
    pub(super) targets: Vec<Target>,
    /// Counts of what is not among the targets.
    pub(super) tally: Tally,
    pub(super) audits: BTreeSet<String>,
}

impl Mitigation {
    /// Starts a task. When this resolves it is stored, and goes on through restarts until it is over.
    pub async fn start_task(
        self: &Arc<Self>,
        new: NewTask,
        request: TaskRequest,
    ) -> Result<(), MitigationError> {
        checked::name("taskId", &new.id)?;
        new.token.iter().try_for_each(|token| checked::token(token))?;
        new.note.iter().try_for_each(|note| checked::note(note))?;
        let kind = request.kind();
        let _held = self.changing_tasks.lock().await;
        if let Some(existing) = self.store.task(kind, &new.id).await? {
            let is_same =
                new.token.is_some() && existing.token == new.token && existing.request == request;
            return if is_same { Ok(()) } else { Err(MitigationError::TaskExists(new.id)) };
        }
        self.check_room_for(kind)?;
        let now = self.clock.now();
        let settled = match &request {
            TaskRequest::Detect(request) => self.settle_detect(request, now).await?,
            TaskRequest::Audit(request) => self.settle_audit(request).await?,
        };
        let task = self.new_task(new, request, (&settled, now))?;
        let mut batch = StateBatch::default();
        storage::put_new(&task, &settled.targets, &mut batch)?;
        self.store.commit(batch).await?;
        tracing::info!(
            task = task.id,
            kind = kind.as_str(),
            targets = task.targets,
            by = task.by,
            "a mitigation task has started"
        );
        self.go_on_with(task);
        Ok(())
    }

    fn check_room_for(&self, kind: TaskKind) -> Result<(), MitigationError> {
        let tasks_max = match kind {
            TaskKind::Detect => self.config.detect_tasks_max,
            TaskKind::Audit => self.config.audit_tasks_max,
        };
        if self.count_running(kind) < tasks_max {
            return Ok(());
        }
        Err(MitigationError::LimitExceeded(format!(
            "{tasks_max} {}s are in progress, which is the most there may be at a time",
            kind.words()
        )))
    }

    /// Refuses more targets than a task may have.
    pub(super) fn check_targets(&self, count: usize) -> Result<(), MitigationError> {
        let targets_max = self.config.targets_max;
        if count <= targets_max {
            return Ok(());
        }
        Err(MitigationError::LimitExceeded(format!(
            "the task would have more than {targets_max} targets, which is the most there may be; \
             narrow it down"
        )))
    }

    fn new_task(
        &self,
        new: NewTask,
        request: TaskRequest,
        (settled, now): (&Settled, Timestamp),
    ) -> Result<Task, MitigationError> {
        self.check_targets(settled.targets.len())?;
        let targets = u32::try_from(settled.targets.len()).unwrap_or(u32::MAX);
        let NewTask { id, token, by, note } = new;
        Ok(Task {
            id,
            status: TaskStatus::InProgress,
            started: now,
            ended: None,
            by,
            note: note.filter(|note| !note.is_empty()),
            token,
            request,
            actions: settled.actions.clone(),
            tally: settled.tally.clone(),
            audits: settled.audits.clone(),
            targets,
        })
    }
}

/// Whether one of the actions publishes, so that targets need a message.
pub(super) fn publishes(actions: &[ActionDefinition]) -> bool {
    actions.iter().any(|action| matches!(action.params.effect(), Effect::Publish(_)))
}
