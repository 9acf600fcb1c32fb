//! What behaviours may be about: the built-in metrics and the custom ones.

use axum::Json;
use axum::extract::State;
use picket_profile::{DURATIONS, Kind, Metric, Operator, Period, Side, Statistic, metrics};
use picket_registry::CustomMetric;
use serde::Serialize;

use crate::error::ApiResult;
use crate::state::Shared;

#[derive(Debug, Serialize)]
pub(crate) struct MetricCatalogue {
    metrics: Vec<MetricView>,
    /// What `statisticalThreshold` may be.
    statistics: Vec<&'static str>,
    /// What `durationSeconds` may be.
    durations: &'static [u64],
}

#[derive(Debug, Serialize)]
struct MetricView {
    name: String,
    side: &'static str,
    kind: &'static str,
    unit: &'static str,
    doc: String,
    operators: Vec<&'static str>,
    period: &'static str,
    statistical: bool,
    dimension: bool,
    custom: bool,
}

pub(crate) async fn catalogue(State(state): State<Shared>) -> ApiResult<Json<MetricCatalogue>> {
    let mut metrics: Vec<MetricView> = metrics::ALL.iter().map(|it| built_in(*it)).collect();
    let custom_metrics = state.control.custom_metrics().await?;
    metrics.extend(custom_metrics.into_iter().filter_map(custom));
    Ok(Json(MetricCatalogue {
        metrics,
        statistics: Statistic::ALL.iter().map(|it| it.as_str()).collect(),
        durations: DURATIONS,
    }))
}

fn built_in(metric: &dyn Metric) -> MetricView {
    MetricView {
        name: metric.name().to_owned(),
        side: match metric.side() {
            Side::Device => "device",
            Side::Cloud => "cloud",
        },
        kind: member(metric.kind()),
        unit: metric.unit(),
        doc: metric.doc().to_owned(),
        operators: operators(|it| metric.allows(it)),
        period: match metric.period() {
            Period::Required => "required",
            Period::Optional => "optional",
            Period::Forbidden => "forbidden",
        },
        statistical: metric.statistical(),
        dimension: metric.dimension(),
        custom: false,
    }
}

/// `None` for one of a type that is none, which behaviours cannot be about.
fn custom(metric: CustomMetric) -> Option<MetricView> {
    let CustomMetric { name, metric_type, display_name, created: _, modified: _ } = metric;
    let body = serde_json::json!({ "metricType": metric_type }).to_string();
    let kind = picket_profile::parse_custom_metric(&name, &body).ok()?.kind;
    let is_number = kind == Kind::Number;
    Some(MetricView {
        name,
        side: "device",
        kind: member(kind),
        unit: "",
        doc: display_name.unwrap_or_default(),
        operators: operators(|it| kind.allows(it)),
        period: if is_number { "optional" } else { "forbidden" },
        statistical: is_number,
        dimension: false,
        custom: true,
    })
}

/// The member of `criteria.value` that thresholds of this kind are.
const fn member(kind: Kind) -> &'static str {
    match kind {
        Kind::Count => "count",
        Kind::Cidrs => "cidrs",
        Kind::Ports => "ports",
        Kind::Number => "number",
        Kind::Numbers => "numbers",
        Kind::Strings => "strings",
    }
}

fn operators(fits: impl Fn(Operator) -> bool) -> Vec<&'static str> {
    Operator::ALL.iter().filter(|it| fits(**it)).map(|it| it.as_str()).collect()
}
