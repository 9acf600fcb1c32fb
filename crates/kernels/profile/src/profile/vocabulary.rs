//! What profiles may name: custom metrics and dimensions (spec device-defender §2.8, §3.4).

use serde_json::Value;

use super::reader::{Problem, Reader, check_name, unknown};
use crate::dimension::{Dimension, check_filter};
use crate::metrics::Kind;

/// Elements of all thresholds of a profile, where nothing else is configured: AWS's quota.
pub const ELEMENTS_MAX: usize = 1000;
/// Filters of a dimension.
const FILTERS_MAX: usize = 100;

/// A custom metric that profiles may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomMetric {
    /// Its name, as devices write it.
    pub name: String,
    /// The declared kind of its values.
    pub kind: Kind,
}

/// What a profile document may refer to, and how much it may hold. Use it with
/// `..Vocabulary::default()`.
#[derive(Debug, Clone, Copy)]
pub struct Vocabulary<'a> {
    /// The custom metrics that exist.
    pub custom: &'a [CustomMetric],
    /// The dimensions that exist.
    pub dimensions: &'a [Dimension],
    /// Elements (ports, blocks, numbers, texts) of all thresholds of a profile together at most.
    pub elements_max: usize,
}

impl Default for Vocabulary<'_> {
    fn default() -> Self {
        Self { custom: &[], dimensions: &[], elements_max: ELEMENTS_MAX }
    }
}

/// Reads the custom metric `name`: an object with `metricType`.
pub fn parse_custom_metric(name: &str, body: &str) -> Result<CustomMetric, Vec<Problem>> {
    const KNOWN: &[&str] = &[
        "metricName",
        "metricType",
        "displayName",
        "tags",
        "clientRequestToken",
        "version",
        "modified_ms",
    ];
    const TYPES: &[(&str, Kind)] = &[
        ("number", Kind::Number),
        ("number-list", Kind::Numbers),
        ("string-list", Kind::Strings),
        ("ip-address-list", Kind::Cidrs),
    ];
    let mut reader = Reader::default();
    if !picket_wire_report::is_custom_metric_name(name) || name.starts_with("picket:") {
        let problem = "must be 1–128 of [a-zA-Z0-9:_-] and not begin with aws: or picket:";
        reader.problem("metricName", problem);
    }
    let document = serde_json::from_str(body).unwrap_or(Value::Null);
    let members = reader.object("", &document, KNOWN);
    let text = members.and_then(|members| reader.required_text("", members, "metricType"));
    let kind = TYPES.iter().find(|(name, _)| Some(*name) == text).map(|(_, kind)| *kind);
    if let (None, Some(text)) = (kind, text) {
        let known = TYPES.iter().map(|(name, _)| *name);
        reader.problem("metricType", unknown("type", known, text));
    }
    if let Some(shown) = members.and_then(|members| reader.text("", members, "displayName"))
        && shown.chars().count() > 128
    {
        reader.problem("displayName", "must have at most 128 characters");
    }
    match kind {
        Some(kind) if reader.problems.is_empty() => {
            Ok(CustomMetric { name: name.to_owned(), kind })
        }
        _ => Err(reader.problems),
    }
}

/// Reads the dimension `name`: an object with `type` `TOPIC_FILTER` and `stringValues`.
pub fn parse_dimension(name: &str, body: &str) -> Result<Dimension, Vec<Problem>> {
    const KNOWN: &[&str] =
        &["name", "type", "stringValues", "tags", "clientRequestToken", "version", "modified_ms"];
    let mut reader = Reader::default();
    check_name(&mut reader, "name", name);
    let document = serde_json::from_str(body).unwrap_or(Value::Null);
    let mut filters = Vec::new();
    if let Some(members) = reader.object("", &document, KNOWN) {
        let kind = reader.required_text("", members, "type");
        if let Some(kind) = kind.filter(|kind| *kind != "TOPIC_FILTER") {
            reader.problem("type", unknown("type", ["TOPIC_FILTER"].into_iter(), kind));
        }
        let values = reader.list("", members, "stringValues");
        if !(1..=FILTERS_MAX).contains(&values.len()) {
            let problem = format!("must hold 1 to {FILTERS_MAX} filters, not {}", values.len());
            reader.problem("stringValues", problem);
            return Err(reader.problems);
        }
        for (index, value) in values.iter().enumerate() {
            let path = format!("stringValues[{index}]");
            match value.as_str().map(|filter| (filter, check_filter(filter))) {
                Some((filter, None)) => filters.push(filter.to_owned()),
                Some((_, Some(problem))) => reader.problem(&path, problem),
                None => reader.problem(&path, "must be text"),
            }
        }
    }
    if reader.problems.is_empty() {
        Ok(Dimension { name: name.to_owned(), filters })
    } else {
        Err(reader.problems)
    }
}
