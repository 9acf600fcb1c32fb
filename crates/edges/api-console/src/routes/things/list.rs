//! The list of things, a page at a time.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use picket_core::{ThingName, Timestamp};
use picket_ports::RegistryError;
use picket_ports::alarms::AlarmFilter;
use picket_ports::registry::{Page, Rows, Thing, ThingFilter};
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
    /// Only things in this group directly; not together with other filters.
    group: Option<String>,
    /// Only things with this attribute, as `name` or `name=value`.
    attribute: Option<String>,
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
    /// Whether a client of its name is connected.
    is_connected: bool,
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
    let page = Page { after: params.after.clone(), rows_max: limit };
    let found = things(&state, params, &page).await?;
    let alarms = alarms_by_thing(&state).await?;
    let mut things = Vec::with_capacity(found.rows.len());
    for thing in found.rows {
        let connection = state.connections.connection(thing.name.as_str()).await;
        things.push(ThingRow {
            active_alarms: alarms.get(thing.name.as_str()).copied().unwrap_or(0),
            is_connected: connection.is_some_and(|connection| connection.is_connected()),
            name: thing.name,
            type_name: thing.type_name,
            created_ms: thing.created,
        });
    }
    let total = state.registry.count_things().await?;
    Ok(Json(ThingList { things, next: found.next, total }))
}

async fn things(state: &ConsoleState, params: ListParams, page: &Page) -> ApiResult<Rows<Thing>> {
    let ListParams { prefix, type_name, group, attribute, after: _, limit: _ } = params;
    let Some(group) = group else {
        let (attribute_name, attribute_value) = match attribute.as_deref() {
            None => (None, None),
            Some(text) => match text.split_once('=') {
                None => (Some(text.to_owned()), None),
                Some((name, value)) => (Some(name.to_owned()), Some(value.to_owned())),
            },
        };
        let filter = ThingFilter {
            name_prefix: prefix,
            type_name,
            attribute_name,
            attribute_value,
            ..ThingFilter::default()
        };
        return Ok(state.registry.things(&filter, page).await?);
    };
    if prefix.is_some() || type_name.is_some() || attribute.is_some() {
        let text = "`group` cannot be combined with `prefix`, `type_name` or `attribute`";
        return Err(ApiError::invalid(text));
    }
    members(state, &group, page).await
}

async fn members(state: &ConsoleState, group: &str, page: &Page) -> ApiResult<Rows<Thing>> {
    state.control.describe_thing_group(group).await?;
    let names = state.registry.things_in_group(group, false, page).await?;
    let mut rows = Vec::with_capacity(names.rows.len());
    for name in &names.rows {
        match state.registry.thing(name).await {
            Ok(thing) => rows.push(thing),
            // Deleted meanwhile.
            Err(RegistryError::NotFound { .. }) => {}
            Err(other) => return Err(other.into()),
        }
    }
    Ok(Rows { rows, next: names.next })
}

async fn alarms_by_thing(state: &ConsoleState) -> ApiResult<HashMap<String, u64>> {
    let mut counts = HashMap::new();
    for alarm in state.alarms.active(&AlarmFilter::default()).await? {
        *counts.entry(alarm.thing).or_default() += 1;
    }
    Ok(counts)
}
