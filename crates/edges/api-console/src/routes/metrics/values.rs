//! The datapoints of one device.

use axum::Json;
use axum::extract::State;
use picket_core::{MetricValue, Timestamp};
use picket_ports::metric_history::StoredDatapoint;
use picket_ports::registry::{Page, Rows};
use serde::{Deserialize, Serialize};

use super::ask;
use crate::error::ApiResult;
use crate::routes::{Name, Params};
use crate::state::Shared;

/// Datapoints in one answer.
const POINTS_MAX: usize = 5000;
/// Pages of the storage that are read for one answer.
const READS_MAX: usize = 40;

#[derive(Debug, Serialize)]
pub(crate) struct SeriesList {
    series: Vec<SeriesView>,
}

#[derive(Debug, Serialize)]
struct SeriesView {
    metric: String,
    dimension: Option<DimensionView>,
}

#[derive(Debug, Serialize)]
struct DimensionView {
    name: String,
    operator: String,
}

/// What is stored of a device.
pub(crate) async fn series(
    State(state): State<Shared>,
    Name(thing): Name,
) -> ApiResult<Json<SeriesList>> {
    let stored = state.metric_history.series_of(&thing).await?;
    let view = |series: picket_ports::metric_history::Series| SeriesView {
        metric: series.metric,
        dimension: series.dimension.map(|(name, operator)| DimensionView { name, operator }),
    };
    Ok(Json(SeriesList { series: stored.into_iter().map(view).collect() }))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ValueParams {
    thing: String,
    metric: String,
    dimension: Option<String>,
    operator: Option<String>,
    from_ms: Timestamp,
    /// Exclusive.
    to_ms: Timestamp,
}

#[derive(Debug, Serialize)]
pub(crate) struct ValueList {
    /// Oldest first.
    points: Vec<PointView>,
    /// Whether there are older ones that were left out.
    truncated: bool,
    unit: &'static str,
}

#[derive(Debug, Serialize)]
struct PointView {
    time_ms: Timestamp,
    value: MetricValue,
}

/// The values of one series of a device.
pub(crate) async fn show(
    State(state): State<Shared>,
    Params(params): Params<ValueParams>,
) -> ApiResult<Json<ValueList>> {
    let ValueParams { thing, metric, dimension, operator, from_ms, to_ms } = params;
    let unit = ask::unit(&metric);
    let series = ask::series(metric, dimension, operator)?;
    let mut points: Vec<PointView> = Vec::new();
    let mut page = Page::first(u32::try_from(POINTS_MAX).unwrap_or(u32::MAX));
    let mut truncated = true;
    for _ in 0..READS_MAX {
        let read = state.metric_history.values(&thing, &series, from_ms, to_ms, &page).await?;
        let Rows { rows, next } = read;
        let view = |StoredDatapoint { time, value }| PointView { time_ms: time, value };
        points.extend(rows.into_iter().map(view));
        let is_full = points.len() > POINTS_MAX;
        points.truncate(POINTS_MAX);
        let Some(next) = next.filter(|_| !is_full) else {
            truncated = is_full;
            break;
        };
        if points.len() >= POINTS_MAX {
            // Is there one more?
            page.rows_max = 1;
        }
        page.after = Some(next);
    }
    points.reverse();
    Ok(Json(ValueList { points, truncated, unit }))
}
