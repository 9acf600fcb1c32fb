//! Listing what was done: `ListDetectMitigationActionsExecutions` and
//! `ListAuditMitigationActionsExecutions`.

use picket_core::Timestamp;
use picket_ports::PlannedChange;
use picket_ports::registry::{Page, Rows};

use super::target::{Step, StepStatus, Target};
use super::task::{Task, TaskKind};
use crate::{Mitigation, MitigationError, checked};

/// Targets looked at for one page; a page may be short, even empty, before the last.
const LOOKED_AT_MAX: usize = 5000;
/// Targets and tasks read in one go.
const CHUNK: usize = 100;

/// One action on one target, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecutedStep {
    /// The task.
    pub task_id: String,
    /// The violation or the finding.
    pub target_id: String,
    /// The device, of a violation.
    pub thing: Option<String>,
    /// The action's name.
    pub action: String,
    /// The action's id.
    pub action_id: String,
    /// How far it has come.
    pub status: StepStatus,
    /// When it began; absent for one that has not.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// The exception of what failed.
    pub error_code: Option<String>,
    /// Why it failed or was not done.
    pub message: Option<String>,
    /// What it changed, or would have if it had not been so already.
    pub changes: Vec<PlannedChange>,
}

/// Where to look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExecutionScope {
    /// In this task.
    Task(String),
    /// In all tasks, for what began in this time, both ends included.
    Range(Timestamp, Timestamp),
}

/// What to list of the executions of detect tasks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecutionFilter {
    /// Where to look.
    pub scope: ExecutionScope,
    /// Only those on this violation.
    pub violation_id: Option<String>,
    /// Only those on this thing.
    pub thing: Option<String>,
}

impl ExecutionFilter {
    fn admits(&self, target: &Target, step: &Step) -> bool {
        let Self { scope, violation_id, thing } = self;
        let in_range = match scope {
            ExecutionScope::Task(_) => true,
            ExecutionScope::Range(from, to) => {
                step.started.is_some_and(|started| *from <= started && started <= *to)
            }
        };
        // A detect task has no word for what has not begun.
        in_range
            && step.status != StepStatus::Pending
            && violation_id.as_ref().is_none_or(|wanted| *wanted == target.id)
            && thing.as_ref().is_none_or(|wanted| target.thing.as_ref() == Some(wanted))
    }
}

/// Where a page ended.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    started: Timestamp,
    task_id: String,
    target: u32,
    step: usize,
}

impl Place {
    fn text(&self) -> String {
        let Self { started, task_id, target, step } = self;
        format!("{}/{task_id}/{target}/{step}", started.as_millis())
    }

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('/');
        let started = Timestamp::from_millis(parts.next()?.parse().ok()?);
        let task_id = parts.next()?.to_owned();
        let (target, step) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        Some(Self { started, task_id, target, step })
    }
}

/// A page on its way.
struct Found {
    rows: Vec<ExecutedStep>,
    rows_max: usize,
    looked_at: usize,
    last: Option<Place>,
    is_full: bool,
}

impl Found {
    fn new(page: &Page) -> Self {
        let rows_max = usize::try_from(page.rows_max.max(1)).unwrap_or(usize::MAX);
        Self { rows: Vec::new(), rows_max, looked_at: 0, last: None, is_full: false }
    }

    /// Passes a task by, which takes its time too.
    fn pass(&mut self, started: Timestamp, task_id: &str) {
        let task_id = task_id.to_owned();
        self.last = Some(Place { started, task_id, target: u32::MAX, step: 0 });
        self.looked_at += 1;
        self.is_full = self.looked_at >= LOOKED_AT_MAX;
    }

    fn ended(self) -> Rows<ExecutedStep> {
        let next = self.last.filter(|_| self.is_full).map(|place| place.text());
        Rows { rows: self.rows, next }
    }
}

impl Mitigation {
    /// `ListDetectMitigationActionsExecutions`: the newest task first, in the order of its targets.
    pub async fn detect_executions(
        &self,
        filter: &ExecutionFilter,
        page: &Page,
    ) -> Result<Rows<ExecutedStep>, MitigationError> {
        let after = page.after.as_deref().and_then(Place::parse);
        let mut found = Found::new(page);
        let admits = |target: &Target, step: &Step| filter.admits(target, step);
        match &filter.scope {
            ExecutionScope::Task(id) => {
                let task = self.task_or_invalid(TaskKind::Detect, id).await?;
                self.look_through(&task, after, (&admits, &mut found)).await?;
            }
            ExecutionScope::Range(from, to) if from > to => {
                return Err(MitigationError::invalid("`startTime` is after `endTime`"));
            }
            ExecutionScope::Range(from, to) => {
                self.look_through_all((*from, *to), after, (&admits, &mut found)).await?;
            }
        }
        Ok(found.ended())
    }

    /// `ListAuditMitigationActionsExecutions`: the actions on one finding of one task, in their order.
    pub async fn audit_executions(
        &self,
        task_id: &str,
        finding_id: &str,
        status: Option<StepStatus>,
    ) -> Result<Vec<ExecutedStep>, MitigationError> {
        checked::name("findingId", finding_id)?;
        let task = self.task_or_invalid(TaskKind::Audit, task_id).await?;
        let number = self.store.number_of_finding(task_id, finding_id).await?;
        let target = match number {
            None => None,
            Some(number) => self.store.target(TaskKind::Audit, task_id, number).await?,
        };
        let target = target.ok_or_else(|| {
            MitigationError::Invalid(format!(
                "audit mitigation task {task_id} is not for the finding {finding_id}"
            ))
        })?;
        let wanted = |step: &&Step| status.is_none_or(|status| status == step.status);
        Ok(target.steps.iter().filter(wanted).map(|step| executed(&task, &target, step)).collect())
    }

    /// All executions of a task, also those that have not begun, in the order of its targets.
    pub async fn task_executions(
        &self,
        kind: TaskKind,
        task_id: &str,
        page: &Page,
    ) -> Result<Rows<ExecutedStep>, MitigationError> {
        let task = self.task(kind, task_id).await?;
        let after = page.after.as_deref().and_then(Place::parse);
        let mut found = Found::new(page);
        self.look_through(&task, after, (&|_: &Target, _: &Step| true, &mut found)).await?;
        Ok(found.ended())
    }

    /// The operations that list executions have no `ResourceNotFoundException`.
    async fn task_or_invalid(&self, kind: TaskKind, id: &str) -> Result<Task, MitigationError> {
        self.task(kind, id).await.map_err(|error| match error {
            MitigationError::NotFound { .. } => MitigationError::Invalid(error.to_string()),
            other => other,
        })
    }

    async fn look_through_all(
        &self,
        (from, to): (Timestamp, Timestamp),
        mut after: Option<Place>,
        (admits, found): (&(impl Fn(&Target, &Step) -> bool + Sync), &mut Found),
    ) -> Result<(), MitigationError> {
        // The task in which the page before ended is looked at again.
        let mut behind = None;
        if let Some(place) = after.take() {
            if let Some(task) = self.store.task(TaskKind::Detect, &place.task_id).await? {
                self.look_through(&task, Some(place.clone()), (admits, found)).await?;
            }
            behind = Some((place.started, place.task_id));
        }
        while !found.is_full {
            let place = behind.as_ref().map(|(started, id)| (*started, id.as_str()));
            let tasks = self.store.started(TaskKind::Detect, place.ok_or(to), CHUNK).await?;
            let is_last = tasks.len() < CHUNK;
            for (started, id) in &tasks {
                let Some(task) = self.store.task(TaskKind::Detect, id).await? else { continue };
                if task.ended.is_none_or(|ended| ended >= from) {
                    self.look_through(&task, None, (admits, found)).await?;
                } else {
                    found.pass(*started, id);
                }
                if found.is_full {
                    return Ok(());
                }
            }
            behind = tasks.into_iter().next_back();
            if is_last {
                return Ok(());
            }
        }
        Ok(())
    }

    async fn look_through(
        &self,
        task: &Task,
        after: Option<Place>,
        (admits, found): (&(impl Fn(&Target, &Step) -> bool + Sync), &mut Found),
    ) -> Result<(), MitigationError> {
        let (mut next, mut first_step) =
            after.map_or((0, 0), |place| (place.target, place.step.saturating_add(1)));
        loop {
            let key = (task.kind(), task.id.as_str());
            let targets = self.store.targets(key, next, CHUNK).await?;
            let is_last = targets.len() < CHUNK;
            for (number, target) in targets {
                let from = if number == next { first_step } else { 0 };
                take(task, (number, &target), from, (admits, found));
                if found.is_full {
                    return Ok(());
                }
            }
            if is_last {
                return Ok(());
            }
            (next, first_step) =
                (found.last.as_ref().map_or(next, |place| place.target.saturating_add(1)), 0);
        }
    }
}

fn take(
    task: &Task,
    (number, target): (u32, &Target),
    first_step: usize,
    (admits, found): (&impl Fn(&Target, &Step) -> bool, &mut Found),
) {
    for (at, step) in target.steps.iter().enumerate().skip(first_step) {
        if admits(target, step) {
            if found.rows.len() == found.rows_max {
                found.is_full = true;
                return;
            }
            found.rows.push(executed(task, target, step));
        }
        let (started, task_id) = (task.started, task.id.clone());
        found.last = Some(Place { started, task_id, target: number, step: at });
    }
    found.looked_at += 1;
    found.is_full = found.looked_at >= LOOKED_AT_MAX;
}

fn executed(task: &Task, target: &Target, step: &Step) -> ExecutedStep {
    let action = task.actions.get(step.action);
    ExecutedStep {
        task_id: task.id.clone(),
        target_id: target.id.clone(),
        thing: target.thing.clone(),
        action: action.map(|action| action.name.clone()).unwrap_or_default(),
        action_id: action.map(|action| action.id.clone()).unwrap_or_default(),
        status: step.status,
        started: step.started,
        ended: step.ended,
        error_code: step.error_code.clone(),
        message: step.message.clone(),
        changes: step.changes.clone(),
    }
}
