//! Custom metrics.

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use picket_core::Timestamp;
use picket_registry::{CustomMetric, NewCustomMetric};
use serde::{Deserialize, Serialize};

use super::{Body, Name};
use crate::audit::Changed;
use crate::error::ApiResult;
use crate::state::Shared;

#[derive(Debug, Serialize)]
pub(crate) struct MetricView {
    name: String,
    #[serde(rename = "type")]
    metric_type: String,
    display_name: Option<String>,
    created_ms: Timestamp,
}

impl From<CustomMetric> for MetricView {
    fn from(metric: CustomMetric) -> Self {
        let CustomMetric { name, metric_type, display_name, created, modified: _ } = metric;
        Self { name, metric_type, display_name, created_ms: created }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct MetricList {
    metrics: Vec<MetricView>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewMetric {
    name: String,
    #[serde(rename = "type")]
    metric_type: String,
    #[serde(default)]
    display_name: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MetricName {
    display_name: Option<String>,
}

pub(crate) async fn list(State(state): State<Shared>) -> ApiResult<Json<MetricList>> {
    let metrics = state.control.custom_metrics().await?;
    Ok(Json(MetricList { metrics: metrics.into_iter().map(MetricView::from).collect() }))
}

pub(crate) async fn create(
    State(state): State<Shared>,
    Body(NewMetric { name, metric_type, display_name }): Body<NewMetric>,
) -> ApiResult<(StatusCode, Extension<Changed>, Json<MetricView>)> {
    let new = NewCustomMetric { name, metric_type, display_name, client_request_token: None };
    let made = state.control.create_custom_metric(new, &[]).await?;
    let changed = Extension(Changed(format!("custommetric/{}", made.name)));
    Ok((StatusCode::CREATED, changed, Json(made.into())))
}

/// Gives a metric another name for people. What it measures and what devices call it stays.
pub(crate) async fn rename(
    State(state): State<Shared>,
    Name(name): Name,
    Body(MetricName { display_name }): Body<MetricName>,
) -> ApiResult<Json<MetricView>> {
    let shown = display_name.unwrap_or_default();
    let changed = state.control.update_custom_metric(&name, &shown).await?;
    Ok(Json(changed.into()))
}

pub(crate) async fn delete(State(state): State<Shared>, Name(name): Name) -> ApiResult<StatusCode> {
    // AWS takes the deletion of what is not there for done; a person wants to know.
    state.control.custom_metric(&name).await?;
    state.control.delete_custom_metric(&name).await?;
    Ok(StatusCode::NO_CONTENT)
}
