//! Reading which metric is meant, and for which topics (spec device-defender §2.8, §2.9).

use std::sync::Arc;

use serde_json::{Map, Value};

use super::reader::{Reader, join, unknown};
use super::{MetricRef, Vocabulary, WatchedMetric};
use crate::dimension::{DimensionOperator, MetricDimension};
use crate::metrics::{self, Kind};

/// Metrics that a profile names beside its behaviours.
const RETAINED_MAX: usize = 1000;
const RETAIN_MEMBERS: &[&str] = &["metric", "metricDimension", "exportMetric"];

/// Members `metric` and `metricDimension`.
pub(super) fn watched(
    reader: &mut Reader,
    path: &str,
    members: &Map<String, Value>,
    vocabulary: &Vocabulary<'_>,
) -> Option<(WatchedMetric, Kind)> {
    let named = metric(reader, path, members, vocabulary);
    let dimension = members.get("metricDimension");
    let dimension = dimension.map(|it| read_dimension(reader, path, it, vocabulary));
    let (metric, kind) = named?;
    if dimension.is_some() && !metric.built_in().is_some_and(|it| it.dimension()) {
        let problem = format!("does not go with metric {}", metric.name());
        reader.problem(&join(path, "metricDimension"), problem);
        return None;
    }
    let dimension = match dimension {
        Some(read) => Some(read?),
        None => None,
    };
    Some((WatchedMetric { metric, dimension }, kind))
}

fn metric(
    reader: &mut Reader,
    path: &str,
    members: &Map<String, Value>,
    vocabulary: &Vocabulary<'_>,
) -> Option<(MetricRef, Kind)> {
    let name = reader.required_text(path, members, "metric")?;
    if let Some(index) = metrics::index_of(name) {
        return Some((MetricRef::BuiltIn(index), metrics::ALL.get(index)?.kind()));
    }
    let custom = vocabulary.custom;
    if let Some(metric) = custom.iter().find(|metric| metric.name == name) {
        return Some((MetricRef::Custom(Arc::from(name)), metric.kind));
    }
    let built_in = metrics::ALL.iter().map(|metric| metric.name());
    let known = built_in.chain(custom.iter().map(|metric| metric.name.as_str()));
    reader.problem(&join(path, "metric"), unknown("metric", known, name));
    None
}

fn read_dimension(
    reader: &mut Reader,
    path: &str,
    value: &Value,
    vocabulary: &Vocabulary<'_>,
) -> Option<MetricDimension> {
    let path = join(path, "metricDimension");
    let members = reader.object(&path, value, &["dimensionName", "operator"])?;
    let operator = reader.text(&path, members, "operator").unwrap_or("IN");
    let operator_read = DimensionOperator::parse(operator);
    if operator_read.is_none() {
        let known = ["IN", "NOT_IN"].into_iter();
        reader.problem(&join(&path, "operator"), unknown("operator", known, operator));
    }
    let name = reader.required_text(&path, members, "dimensionName")?;
    let Some(dimension) = vocabulary.dimensions.iter().find(|it| it.name == name) else {
        let known = vocabulary.dimensions.iter().map(|it| it.name.as_str());
        reader.problem(&join(&path, "dimensionName"), unknown("dimension", known, name));
        return None;
    };
    Some(MetricDimension::new(Arc::new(dimension.clone()), operator_read?))
}

/// What is retained beside the behaviours, each with whether it is exported. The older list cannot
/// export.
pub(super) fn retained(
    reader: &mut Reader,
    members: &Map<String, Value>,
    vocabulary: &Vocabulary<'_>,
) -> Vec<(WatchedMetric, bool)> {
    let mut all = Vec::new();
    for name in ["additionalMetricsToRetain", "additionalMetricsToRetainV2"] {
        let count = reader.list("", members, name).len();
        if count > RETAINED_MAX {
            let problem = format!("{count} are too many; at most {RETAINED_MAX} are allowed");
            reader.problem(name, problem);
            return all;
        }
    }
    for (index, value) in reader.list("", members, "additionalMetricsToRetain").iter().enumerate() {
        let path = format!("additionalMetricsToRetain[{index}]");
        let mut wrapped = Map::new();
        wrapped.insert("metric".to_owned(), value.clone());
        all.extend(watched(reader, &path, &wrapped, vocabulary).map(|(it, _)| (it, false)));
    }
    let list = reader.list("", members, "additionalMetricsToRetainV2");
    for (index, value) in list.iter().enumerate() {
        let path = format!("additionalMetricsToRetainV2[{index}]");
        let Some(entry) = reader.object(&path, value, RETAIN_MEMBERS) else { continue };
        let export = reader.flag(&path, entry, "exportMetric");
        all.extend(watched(reader, &path, entry, vocabulary).map(|(it, _)| (it, export)));
    }
    all
}
