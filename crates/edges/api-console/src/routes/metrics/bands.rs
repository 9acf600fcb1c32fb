//! How a metric spreads over the fleet.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use picket_core::Timestamp;
use picket_ports::metric_history::{Band, BandRequest};
use serde::{Deserialize, Serialize};

use super::ask;
use crate::error::ApiResult;
use crate::routes::Params;
use crate::state::Shared;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BandParams {
    metric: String,
    dimension: Option<String>,
    operator: Option<String>,
    group: Option<String>,
    from_ms: Timestamp,
    /// Exclusive.
    to_ms: Timestamp,
    step_ms: u64,
}

#[derive(Debug, Serialize)]
pub(crate) struct BandList {
    /// Longer than asked for where there would be very many.
    step_ms: u64,
    unit: &'static str,
    bands: Vec<Band>,
}

pub(crate) async fn show(
    State(state): State<Shared>,
    Params(params): Params<BandParams>,
) -> ApiResult<Json<BandList>> {
    let BandParams { metric, dimension, operator, group, from_ms, to_ms, step_ms } = params;
    let unit = ask::unit(&metric);
    let request = BandRequest {
        series: ask::series(metric, dimension, operator)?,
        group: group.filter(|name| !name.is_empty()),
        from: from_ms,
        to: to_ms,
        step: Duration::from_millis(step_ms),
    };
    let (step, bands) = ask::long(&state, state.metric_history.bands(&request)).await?;
    let step_ms = u64::try_from(step.as_millis()).unwrap_or(u64::MAX);
    Ok(Json(BandList { step_ms, unit, bands }))
}
