//! Alarms, active and past.

use std::collections::HashSet;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use picket_core::{MetricValue, Timestamp};
use picket_ports::alarms::{AlarmFilter, Violation, ViolationEvent, ViolationEventType};
use serde::{Deserialize, Serialize};

use super::Params;
use crate::error::{ApiError, ApiResult};
use crate::spl_text::{self, SavedSpl};
use crate::state::Shared;

const ALARMS_DEFAULT: usize = 200;
const ALARMS_MAX: usize = 1000;
/// Events read at most to find past alarms.
const EVENTS_MAX: usize = 10_000;
/// How much before and after an alarm its evidence shows.
const MARGIN: Duration = Duration::from_secs(1800);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum AlarmState {
    Active,
    Cleared,
    Invalidated,
}

/// One alarm with the search that shows its evidence.
#[derive(Debug, Serialize)]
pub(crate) struct AlarmView {
    id: String,
    state: AlarmState,
    thing: String,
    profile: String,
    behavior: String,
    metric: String,
    started_ms: Timestamp,
    last_violation_ms: Timestamp,
    last_value: MetricValue,
    ended_ms: Option<Timestamp>,
    explanation: String,
    trace: Option<String>,
    evidence: SavedSpl,
}

impl AlarmView {
    pub(crate) fn active(index: &str, violation: Violation) -> Self {
        Self::new(index, violation, AlarmState::Active)
    }

    fn new(index: &str, violation: Violation, state: AlarmState) -> Self {
        let Violation {
            violation_id,
            thing,
            profile,
            behavior,
            metric,
            started,
            last_violation,
            last_value,
            ended,
            explanation,
            trace,
        } = violation;
        let earliest = Timestamp::from_millis(started.as_millis() - MARGIN.as_millis() as i64);
        let evidence = SavedSpl {
            spl: spl_text::metric_of_thing(index, &thing, &metric),
            earliest: spl_text::moment(earliest),
            latest: ended.map_or("now".to_owned(), |end| spl_text::moment(end.plus(MARGIN))),
        };
        Self {
            id: violation_id,
            state,
            thing,
            profile,
            behavior,
            metric,
            started_ms: started,
            last_violation_ms: last_violation,
            last_value,
            ended_ms: ended,
            explanation,
            trace: trace.map(|trace| trace.to_string()),
            evidence,
        }
    }
}

/// Which alarms to list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Wanted {
    /// In alarm now.
    #[default]
    Active,
    /// Over.
    Cleared,
    /// Both.
    All,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct AlarmParams {
    state: Wanted,
    thing: Option<String>,
    profile: Option<String>,
    /// Past alarms that ended from here on; a week ago when absent.
    from_ms: Option<Timestamp>,
    /// Past alarms that ended before; now when absent.
    to_ms: Option<Timestamp>,
    limit: Option<usize>,
}

#[derive(Debug, Serialize)]
pub(crate) struct AlarmList {
    alarms: Vec<AlarmView>,
    /// How many alarms are active under the filter.
    active: usize,
    /// Whether there are more than were listed.
    truncated: bool,
}

pub(crate) async fn list(
    State(state): State<Shared>,
    Params(params): Params<AlarmParams>,
) -> ApiResult<Json<AlarmList>> {
    let limit = params.limit.unwrap_or(ALARMS_DEFAULT);
    if !(1..=ALARMS_MAX).contains(&limit) {
        return Err(ApiError::invalid(format!("`limit` must be 1 to {ALARMS_MAX}")));
    }
    let filter = AlarmFilter {
        thing: params.thing.clone().filter(|text| !text.is_empty()),
        profile: params.profile.clone().filter(|text| !text.is_empty()),
    };
    let index = &state.config.index;
    let active = state.alarms.active(&filter).await?;
    let count = active.len();
    let mut alarms = Vec::new();
    if params.state != Wanted::Cleared {
        alarms.extend(active.into_iter().map(|alarm| AlarmView::active(index, alarm)));
    }
    if params.state != Wanted::Active && alarms.len() <= limit {
        alarms.extend(past(&state, &filter, &params, limit + 1 - alarms.len()).await?);
    }
    let truncated = alarms.len() > limit;
    alarms.truncate(limit);
    Ok(Json(AlarmList { alarms, active: count, truncated }))
}

/// Alarms that ended in the given time, the newest end first.
async fn past(
    state: &Shared,
    filter: &AlarmFilter,
    params: &AlarmParams,
    alarms_max: usize,
) -> ApiResult<Vec<AlarmView>> {
    let week = Duration::from_secs(7 * 86_400);
    let now = state.now();
    let from =
        params.from_ms.unwrap_or(Timestamp::from_millis(now.as_millis() - week.as_millis() as i64));
    let to = params.to_ms.unwrap_or(now.plus(Duration::from_millis(1)));
    let events = state.alarms.history(filter, from, to, EVENTS_MAX).await?;
    let mut seen = HashSet::new();
    let ended = events.into_iter().filter_map(|event| {
        let ViolationEvent { violation, event, .. } = event;
        let state = match event {
            ViolationEventType::InAlarm => return None,
            ViolationEventType::AlarmCleared => AlarmState::Cleared,
            ViolationEventType::AlarmInvalidated => AlarmState::Invalidated,
        };
        seen.insert(violation.violation_id.clone()).then_some((violation, state))
    });
    let index = &state.config.index;
    Ok(ended.take(alarms_max).map(|(alarm, state)| AlarmView::new(index, alarm, state)).collect())
}
