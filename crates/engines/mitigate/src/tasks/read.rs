//! Describing and listing tasks.

use picket_core::Timestamp;
use picket_ports::registry::{Page, Rows};

use super::task::{Task, TaskKind, TaskStatus};
use crate::{Mitigation, MitigationError, checked};

/// Tasks looked at for one page; a page may be short, even empty, before the last.
const LOOKED_AT_MAX: usize = 1000;

/// Which audit tasks to list; every member that is set must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditTaskFilter {
    /// For findings of this audit.
    pub audit_task_id: Option<String>,
    /// For this finding.
    pub finding_id: Option<String>,
    /// As far as this.
    pub status: Option<TaskStatus>,
}

impl Mitigation {
    /// `DescribeDetectMitigationActionsTask` and `DescribeAuditMitigationActionsTask`.
    pub async fn task(&self, kind: TaskKind, id: &str) -> Result<Task, MitigationError> {
        checked::name("taskId", id)?;
        let found = self.store.task(kind, id).await?;
        let not_found = || MitigationError::NotFound { kind: kind.words(), name: id.to_owned() };
        found.map(|task| self.with_present_tally(task)).ok_or_else(not_found)
    }

    /// `ListDetectMitigationActionsTasks`: those that started in this time, both ends included, newest
    /// first.
    pub async fn detect_tasks(
        &self,
        range: (Timestamp, Timestamp),
        page: &Page,
    ) -> Result<Rows<Task>, MitigationError> {
        self.tasks_in(TaskKind::Detect, range, (&AuditTaskFilter::default(), page)).await
    }

    /// `ListAuditMitigationActionsTasks`, likewise.
    pub async fn audit_tasks(
        &self,
        range: (Timestamp, Timestamp),
        filter: &AuditTaskFilter,
        page: &Page,
    ) -> Result<Rows<Task>, MitigationError> {
        self.tasks_in(TaskKind::Audit, range, (filter, page)).await
    }

    async fn tasks_in(
        &self,
        kind: TaskKind,
        (from, to): (Timestamp, Timestamp),
        (filter, page): (&AuditTaskFilter, &Page),
    ) -> Result<Rows<Task>, MitigationError> {
        if from > to {
            return Err(MitigationError::invalid("`startTime` is after `endTime`"));
        }
        let rows_max = usize::try_from(page.rows_max.max(1)).unwrap_or(usize::MAX);
        let after = page.after.as_deref().and_then(place_of);
        let after = after.as_ref().map(|(started, id)| (*started, id.as_str())).ok_or(to);
        let mut rows = Vec::new();
        let found = self.store.started(kind, after, LOOKED_AT_MAX).await?;
        let is_whole = found.len() < LOOKED_AT_MAX;
        let mut last = None;
        for (started, id) in found {
            if started < from {
                return Ok(Rows { rows, next: None });
            }
            let place = format!("{}/{id}", started.as_millis());
            if let Some(task) = self.store.task(kind, &id).await?
                && self.is_wanted(&task, filter).await?
            {
                if rows.len() == rows_max {
                    return Ok(Rows { rows, next: last });
                }
                rows.push(self.with_present_tally(task));
            }
            // A page ends behind what was looked at and not wanted, so that nothing is looked at twice.
            last = Some(place);
        }
        Ok(Rows { rows, next: last.filter(|_| !is_whole) })
    }

    async fn is_wanted(
        &self,
        task: &Task,
        filter: &AuditTaskFilter,
    ) -> Result<bool, MitigationError> {
        let AuditTaskFilter { audit_task_id, finding_id, status } = filter;
        if status.is_some_and(|status| status != task.status)
            || audit_task_id.as_ref().is_some_and(|audit| !task.audits.contains(audit))
        {
            return Ok(false);
        }
        match finding_id {
            None => Ok(true),
            Some(finding) => Ok(self.store.number_of_finding(&task.id, finding).await?.is_some()),
        }
    }

    fn with_present_tally(&self, task: Task) -> Task {
        if task.ended.is_some() {
            return task;
        }
        match self.running.lock().get(&(task.kind(), task.id.clone())) {
            Some(running) => Task { tally: running.tally.lock().clone(), ..task },
            None => task,
        }
    }
}

/// Where a page ended: `MILLISECONDS/ID`.
pub(super) fn place_of(text: &str) -> Option<(Timestamp, String)> {
    let (started, id) = text.split_once('/')?;
    Some((Timestamp::from_millis(started.parse().ok()?), id.to_owned()))
}
