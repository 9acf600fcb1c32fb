//! One alarm with everything that happened to it.

use axum::Json;
use axum::extract::State;
use picket_core::{ErrorCode, MetricValue, Timestamp};
use picket_ports::alarms::{ViolationEvent, ViolationEventType};
use serde::Serialize;

use super::view::AlarmView;
use crate::error::{ApiError, ApiResult};
use crate::routes::Name;
use crate::state::Shared;

#[derive(Debug, Serialize)]
struct EventView {
    event: ViolationEventType,
    time_ms: Timestamp,
    /// Null for an invalidation.
    value: Option<MetricValue>,
}

#[derive(Debug, Serialize)]
pub(crate) struct AlarmDetail {
    alarm: AlarmView,
    /// Oldest first.
    events: Vec<EventView>,
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
    Ok(Json(AlarmDetail { alarm, events }))
}
