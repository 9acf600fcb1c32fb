//! The state of the whole line.

use axum::Json;
use axum::extract::State;
use picket_core::Timestamp;
use picket_ports::alarms::AlarmFilter;
use picket_ports::registry::Page;
use serde::Serialize;

use super::alarms::AlarmView;
use crate::error::ApiResult;
use crate::history::{StageView, Trend};
use crate::state::Shared;

/// Alarms shown on the overview.
const ALARMS_MAX: u32 = 10;

#[derive(Debug, Serialize)]
pub(crate) struct Overview {
    now_ms: Timestamp,
    things: u64,
    active_alarms: u64,
    reports_per_second: f64,
    stages: Vec<StageView>,
    trend: Trend,
    newest_alarms: Vec<AlarmView>,
}

pub(crate) async fn show(State(state): State<Shared>) -> ApiResult<Json<Overview>> {
    let all = AlarmFilter::default();
    let active_alarms = state.alarms.active_count(&all).await?;
    let newest = state.alarms.active_page(&all, &Page::first(ALARMS_MAX)).await?;
    let counted = state.history().things();
    let things = match counted {
        Some(things) => things,
        None => state.registry.count_things().await?,
    };
    let index = &state.config.index;
    let newest_alarms =
        newest.rows.into_iter().map(|alarm| AlarmView::active(index, alarm)).collect();
    let history = state.history();
    Ok(Json(Overview {
        now_ms: state.now(),
        things,
        active_alarms,
        reports_per_second: history.reports_per_second(),
        stages: history.stages(),
        trend: history.trend(),
        newest_alarms,
    }))
}

#[derive(Debug, Serialize)]
pub(crate) struct PipelineView {
    now_ms: Timestamp,
    stages: Vec<StageView>,
}

pub(crate) async fn pipeline(State(state): State<Shared>) -> Json<PipelineView> {
    Json(PipelineView { now_ms: state.now(), stages: state.history().stages() })
}
