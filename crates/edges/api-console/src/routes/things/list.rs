//! The list of things, a page at a time.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use picket_core::{ThingName, Timestamp};
use picket_ports::alarms::AlarmFilter;
use picket_ports::registry::{Page, ThingFilter};
use serde::{Deserialize, Serialize};

use crate::error::{ApiError, ApiResult};
use crate::routes::Params;
use crate::state::{ConsoleState, Shared};

const ROWS_DEFAULT: u32 = 100;
const ROWS_MAX: u32 = 500;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ListParams {
    /// Only names that begin so.
    prefix: Option<String>,
    /// Only things of this type.
    type_name: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
    limit: Option<u32>,
}

#[derive(Debug, Serialize)]
pub(crate) struct ThingRow {
    name: ThingName,
    type_name: Option<String>,
    created_ms: Timestamp,
    active_alarms: u64,
}

#[derive(Debug, Serialize)]
pub(crate) struct ThingList {
    things: Vec<ThingRow>,
    /// What to give as `after` for the next page; absent on the last.
    next: Option<String>,
    /// How many things there are without the filter.
    total: u64,
}

pub(crate) async fn list(
    State(state): State<Shared>,
    Params(params): Params<ListParams>,
) -> ApiResult<Json<ThingList>> {
    let limit = params.limit.unwrap_or(ROWS_DEFAULT);
    if !(1..=ROWS_MAX).contains(&limit) {
        return Err(ApiError::invalid(format!("`limit` must be 1 to {ROWS_MAX}")));
    }
    let filter = ThingFilter {
        name_prefix: params.prefix,
        type_name: params.type_name,
        ..ThingFilter::default()
    };
    let page = Page { after: params.after, rows_max: limit };
    let found = state.registry.things(&filter, &page).await?;
    let alarms = alarms_by_thing(&state).await?;
    let things = found
        .rows
        .into_iter()
        .map(|thing| ThingRow {
            active_alarms: alarms.get(thing.name.as_str()).copied().unwrap_or(0),
            name: thing.name,
            type_name: thing.type_name,
            created_ms: thing.created,
        })
        .collect();
    let total = state.registry.count_things().await?;
    Ok(Json(ThingList { things, next: found.next, total }))
}

async fn alarms_by_thing(state: &ConsoleState) -> ApiResult<HashMap<String, u64>> {
    let mut counts = HashMap::new();
    for alarm in state.alarms.active(&AlarmFilter::default()).await? {
        *counts.entry(alarm.thing).or_default() += 1;
    }
    Ok(counts)
}
