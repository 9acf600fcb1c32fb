//! What was done and is being done: mitigation tasks.

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use picket_core::Timestamp;
use picket_mitigate::{
    DetectRequest, DetectTarget, ExecutedStep, Mitigation, MitigationError, NewTask, Task,
    TaskKind, TaskRequest,
};
use picket_ports::registry::Page;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{ChangeView, views};
use crate::audit::Changed;
use crate::error::ApiResult;
use crate::gate::Caller;
use crate::routes::{Body, Name};
use crate::state::Shared;

/// Tasks that are listed.
const TASKS_SHOWN_MAX: u32 = 200;
/// Executions that are shown with a task.
const EXECUTIONS_SHOWN_MAX: u32 = 1000;

#[derive(Debug, Serialize)]
pub(crate) struct TaskView {
    id: String,
    kind: &'static str,
    status: &'static str,
    started_ms: Timestamp,
    ended_ms: Option<Timestamp>,
    by: String,
    note: Option<String>,
    /// Names of the actions.
    actions: Vec<String>,
    executed: u64,
    skipped: u64,
    failed: u64,
}

impl From<Task> for TaskView {
    fn from(task: Task) -> Self {
        let kind = task.kind();
        let Task { id, status, started, ended, by, note, actions, tally, .. } = task;
        Self {
            id,
            kind: kind.as_str(),
            status: status.as_str(kind),
            started_ms: started,
            ended_ms: ended,
            by,
            note,
            actions: actions.into_iter().map(|action| action.name).collect(),
            executed: tally.executed,
            skipped: tally.skipped,
            failed: tally.failed,
        }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct TaskList {
    tasks: Vec<TaskView>,
}

#[derive(Debug, Serialize)]
struct ExecutionView {
    violation_id: Option<String>,
    finding_id: Option<String>,
    thing: Option<String>,
    action: String,
    status: &'static str,
    started_ms: Option<Timestamp>,
    ended_ms: Option<Timestamp>,
    error_code: Option<String>,
    message: Option<String>,
    changes: Vec<ChangeView>,
}

impl ExecutionView {
    fn new(kind: TaskKind, step: ExecutedStep) -> Self {
        let ExecutedStep {
            task_id: _,
            target_id,
            thing,
            action,
            action_id: _,
            status,
            started,
            ended,
            error_code,
            message,
            changes,
        } = step;
        let (violation_id, finding_id) = match kind {
            TaskKind::Detect => (Some(target_id), None),
            TaskKind::Audit => (None, Some(target_id)),
        };
        Self {
            violation_id,
            finding_id,
            thing,
            action,
            status: status.as_str(kind),
            started_ms: started,
            ended_ms: ended,
            error_code,
            message,
            changes: views(changes),
        }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct TaskDetail {
    task: TaskView,
    executions: Vec<ExecutionView>,
    /// Whether there are more executions than are shown.
    truncated: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTaskBody {
    violation_ids: Vec<String>,
    actions: Vec<String>,
    #[serde(default)]
    note: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct StartedTask {
    task_id: String,
}

/// The newest tasks of both kinds.
pub(crate) async fn list(State(state): State<Shared>) -> ApiResult<Json<TaskList>> {
    let (all, page) = ((Timestamp::from_millis(0), state.now()), Page::first(TASKS_SHOWN_MAX));
    let mut tasks = state.mitigation.detect_tasks(all, &page).await?.rows;
    tasks.extend(state.mitigation.audit_tasks(all, &Default::default(), &page).await?.rows);
    tasks.sort_by(|one, other| other.started.cmp(&one.started).then_with(|| one.id.cmp(&other.id)));
    tasks.truncate(TASKS_SHOWN_MAX as usize);
    Ok(Json(TaskList { tasks: tasks.into_iter().map(TaskView::from).collect() }))
}

pub(crate) async fn show(
    State(state): State<Shared>,
    Name(id): Name,
) -> ApiResult<Json<TaskDetail>> {
    let task = find(&state.mitigation, &id).await?;
    let (kind, page) = (task.kind(), Page::first(EXECUTIONS_SHOWN_MAX));
    let found = state.mitigation.task_executions(kind, &id, &page).await?;
    let executions = found.rows.into_iter().map(|step| ExecutionView::new(kind, step)).collect();
    Ok(Json(TaskDetail { task: task.into(), executions, truncated: found.next.is_some() }))
}

/// Alarms that are chosen one by one are meant, muted or not, active or not.
pub(crate) async fn start(
    State(state): State<Shared>,
    caller: Caller,
    Body(new): Body<NewTaskBody>,
) -> ApiResult<(StatusCode, Extension<Changed>, Json<StartedTask>)> {
    let NewTaskBody { violation_ids, actions, note } = new;
    let id = Uuid::new_v4().to_string();
    let request = TaskRequest::Detect(DetectRequest {
        target: DetectTarget::Violations(violation_ids),
        actions,
        range: None,
        only_active: false,
        includes_suppressed: true,
    });
    let new = NewTask { id: id.clone(), token: None, by: caller.session.user, note };
    state.mitigation.start_task(new, request).await?;
    let changed = Extension(Changed(format!("mitigationtask/{id}")));
    Ok((StatusCode::CREATED, changed, Json(StartedTask { task_id: id })))
}

pub(crate) async fn cancel(State(state): State<Shared>, Name(id): Name) -> ApiResult<StatusCode> {
    let task = find(&state.mitigation, &id).await?;
    state.mitigation.cancel_task(task.kind(), &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The task of this id, of either kind.
async fn find(mitigation: &Mitigation, id: &str) -> Result<Task, MitigationError> {
    match mitigation.task(TaskKind::Detect, id).await {
        Err(MitigationError::NotFound { .. }) => mitigation.task(TaskKind::Audit, id).await,
        other => other,
    }
}
