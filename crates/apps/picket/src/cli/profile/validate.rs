//! `picket profile validate`: checking a profile without a server.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::Path;

use picket_core::ErrorCode;
use picket_profile::{CustomMetric, Dimension, Kind, Problem, Vocabulary, metrics, parse};
use serde_json::{Value, json};

use super::file;
use crate::cli::{Failure, output};

/// Runs the command.
pub(super) fn run(path: &Path, as_json: bool) -> Result<(), Failure> {
    let (name, document) = file::read(path)?;
    let names = Names::of(&document);
    let problems = names.problems(&name, &document);
    if as_json {
        let problem = |it: &Problem| json!({ "path": it.path, "problem": it.problem });
        let list: Vec<Value> = problems.iter().map(problem).collect();
        output::print_json(&json!({ "valid": list.is_empty(), "problems": list }))?;
    }
    if problems.is_empty() {
        let behaviors = document.get("behaviors").and_then(Value::as_array).map_or(0, Vec::len);
        if !as_json {
            output::print_line(&format!("profile {name} is in order, with {behaviors} behaviors"))?;
        }
        names.note();
        return Ok(());
    }
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    let text = format!("profile {name} is not in order:\n  {}", lines.join("\n  "));
    Err(Failure::new(ErrorCode::Invalid, text))
}

/// What a profile names that only a server knows. It is taken to exist.
struct Names {
    custom: Vec<CustomMetric>,
    dimensions: Vec<Dimension>,
}

impl Names {
    fn of(document: &Value) -> Self {
        let mut custom: BTreeMap<String, Kind> = BTreeMap::new();
        let mut dimensions: Vec<String> = Vec::new();
        let list = |name: &str| document.get(name).and_then(Value::as_array).into_iter().flatten();
        for entry in list("behaviors").chain(list("additionalMetricsToRetainV2")) {
            let metric = entry.get("metric").and_then(Value::as_str);
            if let Some(metric) = metric.filter(|name| is_custom(name)) {
                let kind = kind_of(entry);
                custom.entry(metric.to_owned()).or_insert(kind);
            }
            let dimension = entry.pointer("/metricDimension/dimensionName");
            dimensions.extend(dimension.and_then(Value::as_str).map(str::to_owned));
        }
        for metric in list("additionalMetricsToRetain").filter_map(Value::as_str) {
            if is_custom(metric) {
                custom.entry(metric.to_owned()).or_insert(Kind::Number);
            }
        }
        dimensions.sort_unstable();
        dimensions.dedup();
        let dimension = |name| Dimension { name, filters: vec!["#".to_owned()] };
        let metric = |(name, kind)| CustomMetric { name, kind };
        Self {
            custom: custom.into_iter().map(metric).collect(),
            dimensions: dimensions.into_iter().map(dimension).collect(),
        }
    }

    fn problems(&self, name: &str, document: &Value) -> Vec<Problem> {
        let (custom, dimensions) = (self.custom.as_slice(), self.dimensions.as_slice());
        let vocabulary = Vocabulary { custom, dimensions, ..Vocabulary::default() };
        parse(name, &document.to_string(), &vocabulary).err().unwrap_or_default()
    }

    /// Says what could not be checked.
    fn note(&self) {
        let custom = self.custom.iter().map(|it| ("custom metric", it.name.as_str()));
        let dimensions = self.dimensions.iter().map(|it| ("dimension", it.name.as_str()));
        for (kind, name) in custom.chain(dimensions) {
            let text = format!("picket: {kind} {name} is taken to exist; only a server knows");
            writeln!(io::stderr(), "{text}").ok();
        }
    }
}

fn is_custom(metric: &str) -> bool {
    metrics::index_of(metric).is_none()
        && !metric.starts_with("aws:")
        && !metric.starts_with("picket:")
}

/// The kind that a behavior's threshold takes its metric for.
fn kind_of(behavior: &Value) -> Kind {
    let value = behavior.pointer("/criteria/value").and_then(Value::as_object);
    let member = value.and_then(|members| members.keys().next());
    match member.map(String::as_str) {
        Some("numbers") => Kind::Numbers,
        Some("strings") => Kind::Strings,
        Some("cidrs") => Kind::Cidrs,
        _ => Kind::Number,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(document: &Value) -> Vec<String> {
        Names::of(document).problems("p", document).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_profile_is_checked_without_knowing_what_it_names() {
        let document = json!({"behaviors": [
            {"name": "heat", "metric": "rackTemps", "criteria":
                {"comparisonOperator": "in-set", "value": {"numbers": [20, 21]}}},
            {"name": "sent", "metric": "aws:num-messages-sent",
             "metricDimension": {"dimensionName": "topics"}, "criteria":
                {"comparisonOperator": "less-than", "value": {"count": 4}, "durationSeconds": 300}},
        ], "additionalMetricsToRetainV2": [{"metric": "battery"}]});
        assert_eq!(problems(&document), Vec::<String>::new());
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        let document = json!({"behaviors": [
            {"name": "sent", "metric": "aws:num-message-sent", "criteria":
                {"comparisonOperator": "less-than", "value": {"count": 4}, "durationSeconds": 300}},
        ]});
        let problems = problems(&document);
        assert!(problems[0].starts_with("behaviors[0].metric"), "{problems:?}");
        assert!(problems[0].contains("aws:num-messages-sent"), "{problems:?}");
    }
}
