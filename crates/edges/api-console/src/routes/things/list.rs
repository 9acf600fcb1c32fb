//! The list of things, a page at a time.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use picket_core::{ThingName, Timestamp};
use picket_ports::RegistryError;
use picket_ports::alarms::AlarmFilter;
use picket_ports::registry::{Page, Thing};
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
    /// Only names after this one: `next` of the page before.
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
    /// The name to give as `after` for the next page; absent on the last.
    next: Option<ThingName>,
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
    let prefix = params.prefix.unwrap_or_default();
    let mut found = page(&state, &prefix, params.after, limit + 1).await?;
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next = found.last().filter(|_| more).map(|thing| thing.name.clone());
    let alarms = alarms_by_thing(&state).await?;
    let things = found
        .into_iter()
        .map(|thing| ThingRow {
            active_alarms: alarms.get(thing.name.as_str()).copied().unwrap_or(0),
            name: thing.name,
            type_name: thing.type_name,
            created_ms: thing.created,
        })
        .collect();
    Ok(Json(ThingList { things, next, total: state.registry.count_things().await? }))
}

/// Names are in byte order, so those with a prefix stand together: the prefix itself, if it is a name,
/// then those right after it.
async fn page(
    state: &ConsoleState,
    prefix: &str,
    after: Option<String>,
    rows_max: u32,
) -> Result<Vec<Thing>, RegistryError> {
    let mut things = Vec::new();
    let after = match after {
        Some(after) if after.as_str() >= prefix => Some(after),
        _ if prefix.is_empty() => None,
        _ => {
            things.extend(exact(state, prefix).await?);
            Some(prefix.to_owned())
        }
    };
    let following = state.registry.things(&Page { after, rows_max }).await?;
    things.extend(following.into_iter().take_while(|t| t.name.as_str().starts_with(prefix)));
    things.truncate(rows_max as usize);
    Ok(things)
}

async fn exact(state: &ConsoleState, name: &str) -> Result<Option<Thing>, RegistryError> {
    let Ok(name) = ThingName::new(name) else { return Ok(None) };
    match state.registry.thing(&name).await {
        Ok(thing) => Ok(Some(thing)),
        Err(RegistryError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn alarms_by_thing(state: &ConsoleState) -> ApiResult<HashMap<String, u64>> {
    let mut counts = HashMap::new();
    for alarm in state.alarms.active(&AlarmFilter::default()).await? {
        *counts.entry(alarm.thing).or_default() += 1;
    }
    Ok(counts)
}
