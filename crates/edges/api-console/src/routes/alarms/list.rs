//! Lists of alarms.

use std::collections::HashSet;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use picket_core::Timestamp;
use picket_ports::alarms::{AlarmFilter, VerificationState, ViolationEvent, ViolationEventType};
use picket_ports::registry::Page;
use serde::{Deserialize, Serialize};

use super::view::{AlarmState, AlarmView};
use crate::error::{ApiError, ApiResult};
use crate::routes::Params;
use crate::state::Shared;

const ALARMS_DEFAULT: usize = 200;
const ALARMS_MAX: usize = 1000;
/// Pages of events read at most to find past alarms.
const PAGES_MAX: usize = 50;
const PAGE_ROWS: u32 = 1000;

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
    behavior: Option<String>,
    verification: Option<VerificationState>,
    /// True only muted ones, false only others.
    suppressed: Option<bool>,
    /// Past alarms that ended from here on; a week ago when absent.
    from_ms: Option<Timestamp>,
    /// Past alarms that ended before; now when absent.
    to_ms: Option<Timestamp>,
    limit: Option<usize>,
}

impl AlarmParams {
    fn filter(&self) -> AlarmFilter {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        AlarmFilter {
            thing: given(&self.thing),
            profile: given(&self.profile),
            behavior: given(&self.behavior),
            criteria: None,
            suppressed: self.suppressed,
            verification: self.verification,
        }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct AlarmList {
    alarms: Vec<AlarmView>,
    /// How many alarms are active under the filter.
    active: u64,
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
    let filter = params.filter();
    let active = state.alarms.active_count(&filter).await?;
    let mut alarms = Vec::new();
    if params.state != Wanted::Cleared {
        alarms = active_alarms(&state, &filter, limit + 1).await?;
    }
    let mut truncated = false;
    if params.state != Wanted::Active && alarms.len() <= limit {
        let (past, more) = past(&state, &filter, &params, limit + 1 - alarms.len()).await?;
        alarms.extend(past);
        truncated = more;
    }
    truncated |= alarms.len() > limit;
    alarms.truncate(limit);
    Ok(Json(AlarmList { alarms, active, truncated }))
}

/// Alarms that are on, the newest first.
async fn active_alarms(
    state: &Shared,
    filter: &AlarmFilter,
    alarms_max: usize,
) -> ApiResult<Vec<AlarmView>> {
    let index = &state.config.index;
    let mut alarms = Vec::new();
    let mut page = Page::first(u32::try_from(alarms_max).unwrap_or(u32::MAX));
    loop {
        let rows = state.alarms.active_page(filter, &page).await?;
        alarms.extend(rows.rows.into_iter().map(|alarm| AlarmView::active(index, alarm)));
        page.after = rows.next;
        if page.after.is_none() || alarms.len() >= alarms_max {
            alarms.truncate(alarms_max);
            return Ok(alarms);
        }
    }
}

/// Alarms that ended in the given time, the newest end first, and whether there may be more.
async fn past(
    state: &Shared,
    filter: &AlarmFilter,
    params: &AlarmParams,
    alarms_max: usize,
) -> ApiResult<(Vec<AlarmView>, bool)> {
    let week = Duration::from_secs(7 * 86_400);
    let now = state.now();
    let from =
        params.from_ms.unwrap_or(Timestamp::from_millis(now.as_millis() - week.as_millis() as i64));
    let to = params.to_ms.unwrap_or(now.plus(Duration::from_millis(1)));
    let mut page = Page::first(PAGE_ROWS);
    let mut alarms = Vec::new();
    let mut seen = HashSet::new();
    for _ in 0..PAGES_MAX {
        let rows = state.alarms.history_page(filter, from, to, &page).await?;
        for ViolationEvent { violation, event, .. } in rows.rows {
            if event == ViolationEventType::InAlarm || !seen.insert(violation.violation_id.clone())
            {
                continue;
            }
            if alarms.len() == alarms_max {
                return Ok((alarms, true));
            }
            alarms.push(AlarmView::new(&state.config.index, violation, AlarmState::after(event)));
        }
        page.after = rows.next;
        if page.after.is_none() {
            return Ok((alarms, false));
        }
    }
    Ok((alarms, true))
}
