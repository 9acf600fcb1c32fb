//! One alarm with everything that happened to it.

use axum::Json;
use axum::extract::State;
use picket_core::{ErrorCode, MetricValue, Timestamp};
use picket_mitigate::{ExecutedStep, ExecutionFilter, ExecutionScope, TaskKind};
use picket_ports::alarms::{ViolationEvent, ViolationEventType};
use picket_ports::registry::Page;
use serde::Serialize;

use super::view::AlarmView;
use crate::error::{ApiError, ApiResult};
use crate::routes::Name;
use crate::state::Shared;

/// Actions of mitigation tasks that are shown with an alarm.
const MITIGATIONS_MAX: u32 = 50;

#[derive(Debug, Serialize)]
struct EventView {
    event: ViolationEventType,
    time_ms: Timestamp,
    /// Null for an invalidation.
    value: Option<MetricValue>,
}

/// An action of a mitigation task on this alarm.
#[derive(Debug, Serialize)]
struct MitigationView {
    task_id: String,
    action: String,
    status: &'static str,
    started_ms: Option<Timestamp>,
    message: Option<String>,
}

impl From<ExecutedStep> for MitigationView {
    fn from(step: ExecutedStep) -> Self {
        let ExecutedStep { task_id, action, status, started, message, .. } = step;
        let status = status.as_str(TaskKind::Detect);
        Self { task_id, action, status, started_ms: started, message }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct AlarmDetail {
    alarm: AlarmView,
    /// Oldest first.
    events: Vec<EventView>,
    /// What was done about it, newest first.
    mitigations: Vec<MitigationView>,
}

pub(crate) async fn show(
    State(state): State<Shared>,
    Name(id): Name,
) -> ApiResult<Json<AlarmDetail>> {
    let Some(episode) = state.alarms.episode(&id).await? else {
        return Err(ApiError::new(ErrorCode::NotFound, "there is no alarm of this id"));
    };
    let alarm = AlarmView::of_episode(&state.config.index, &episode);
    let view = |event: ViolationEvent| {
        let ViolationEvent { violation: _, event, time, value } = event;
        EventView { event, time_ms: time, value }
    };
    let events = episode.events.into_iter().map(view).collect();
    let wanted = ExecutionFilter {
        scope: ExecutionScope::Range(Timestamp::from_millis(0), state.now()),
        violation_id: Some(id),
        thing: None,
    };
    let done = state.mitigation.detect_executions(&wanted, &Page::first(MITIGATIONS_MAX)).await?;
    let mitigations = done.rows.into_iter().map(MitigationView::from).collect();
    Ok(Json(AlarmDetail { alarm, events, mitigations }))
}
