//! Reading a security profile document: AWS's shape plus `targets` (spec device-defender §3.1, §3.2).

use std::sync::Arc;

use serde_json::Value;

use super::criteria::{self, Allowed};
use super::reader::{Problem, Reader, join, unknown};
use super::{Behavior, CustomMetric, Export, MetricRef, Profile, Target};
use crate::evaluate::Operator;
use crate::metrics::{self, Kind, Period};

const MEMBERS: &[&str] = &[
    "securityProfileName",
    "securityProfileDescription",
    "behaviors",
    "alertTargets",
    "additionalMetricsToRetain",
    "additionalMetricsToRetainV2",
    "metricsExportConfig",
    "tags",
    "targets",
];
const BEHAVIOR_MEMBERS: &[&str] =
    &["name", "metric", "metricDimension", "criteria", "suppressAlerts", "exportMetric"];
const RETAIN_MEMBERS: &[&str] = &["metric", "metricDimension", "exportMetric"];
const BEHAVIORS_MAX: usize = 100;

/// Reads and checks the profile `name`; with all problems if there are any. `custom` are the custom
/// metrics that exist.
pub fn parse(name: &str, body: &str, custom: &[CustomMetric]) -> Result<Profile, Vec<Problem>> {
    let mut reader = Reader::default();
    let document: Value = match serde_json::from_str(body) {
        Ok(document) => document,
        Err(error) => {
            reader.problem("", format!("is not JSON: {error}"));
            return Err(reader.problems);
        }
    };
    let profile = read(&mut reader, name, &document, custom);
    match profile {
        Some(profile) if reader.problems.is_empty() => Ok(profile),
        _ => Err(reader.problems),
    }
}

/// Reads the custom metric `name`: an object with `metricType` (spec device-defender §3.4).
pub fn parse_custom_metric(name: &str, body: &str) -> Result<CustomMetric, Vec<Problem>> {
    const KNOWN: &[&str] =
        &["metricName", "metricType", "displayName", "tags", "clientRequestToken"];
    const TYPES: &[(&str, Kind)] = &[
        ("number", Kind::Number),
        ("number-list", Kind::Numbers),
        ("string-list", Kind::Strings),
        ("ip-address-list", Kind::Cidrs),
    ];
    let mut reader = Reader::default();
    if !picket_wire_report::is_custom_metric_name(name) {
        reader.problem("metricName", "must be 1–128 of [a-zA-Z0-9:_-] and not begin with aws:");
    }
    let document = serde_json::from_str(body).unwrap_or(Value::Null);
    let members = reader.object("", &document, KNOWN);
    let text = members.and_then(|members| reader.required_text("", members, "metricType"));
    let kind = TYPES.iter().find(|(name, _)| Some(*name) == text).map(|(_, kind)| *kind);
    if let (None, Some(text)) = (kind, text) {
        let known = TYPES.iter().map(|(name, _)| *name);
        reader.problem("metricType", unknown("type", known, text));
    }
    match kind {
        Some(kind) if reader.problems.is_empty() => {
            Ok(CustomMetric { name: name.to_owned(), kind })
        }
        _ => Err(reader.problems),
    }
}

fn read(
    reader: &mut Reader,
    name: &str,
    document: &Value,
    custom: &[CustomMetric],
) -> Option<Profile> {
    let members = reader.object("", document, MEMBERS)?;
    check_name(reader, "securityProfileName", name);
    check_alert_targets(reader, members.get("alertTargets"));
    let list = reader.list("", members, "behaviors");
    if list.len() > BEHAVIORS_MAX {
        reader
            .problem("behaviors", format!("{} are too many; at most 100 are allowed", list.len()));
        return None;
    }
    let mut exported = Vec::new();
    let mut behaviors: Vec<Behavior> = Vec::with_capacity(list.len());
    for (index, value) in list.iter().enumerate() {
        let path = format!("behaviors[{index}]");
        let Some((behavior, export)) = behavior(reader, (name, &path), value, custom) else {
            continue;
        };
        if behaviors.iter().any(|other| other.name == behavior.name) {
            reader.problem(&join(&path, "name"), format!("`{}` is given twice", behavior.name));
        }
        if export {
            add(&mut exported, behavior.metric.clone());
        }
        behaviors.push(behavior);
    }
    for metric in retained(reader, members, custom) {
        add(&mut exported, metric);
    }
    let targets = targets(reader, members);
    let topic = export_topic(reader, members.get("metricsExportConfig"));
    let export =
        topic.filter(|_| !exported.is_empty()).map(|topic| Export { topic, metrics: exported });
    Some(Profile { name: name.to_owned(), targets, behaviors, export })
}

fn add(metrics: &mut Vec<MetricRef>, metric: MetricRef) {
    if !metrics.contains(&metric) {
        metrics.push(metric);
    }
}

/// The behaviour, and whether its metric is exported.
fn behavior(
    reader: &mut Reader,
    (profile, path): (&str, &str),
    value: &Value,
    custom: &[CustomMetric],
) -> Option<(Behavior, bool)> {
    let members = reader.object(path, value, BEHAVIOR_MEMBERS)?;
    refuse_dimension(reader, path, members);
    let name = reader.required_text(path, members, "name");
    if let Some(name) = name {
        check_name(reader, &join(path, "name"), name);
    }
    let suppress_alerts = reader.flag(path, members, "suppressAlerts");
    let export = reader.flag(path, members, "exportMetric");
    let metric = metric(reader, path, members, custom);
    let Some(criteria_value) = members.get("criteria") else {
        reader.problem(&join(path, "criteria"), "is missing");
        return None;
    };
    let (name, (metric, kind)) = (name?, metric?);
    let built_in = match metric {
        MetricRef::BuiltIn(index) => metrics::ALL.get(index),
        MetricRef::Custom(_) => None,
    };
    let custom_period = if kind == Kind::Number { Period::Optional } else { Period::Forbidden };
    let allowed = Allowed {
        metric: metric.name(),
        kind,
        period: built_in.map_or(custom_period, |it| it.period()),
        operator: &|operator: Operator| match built_in {
            Some(metric) => metric.allows(operator),
            None => kind.allows(operator),
        },
    };
    let read = criteria::read(reader, &join(path, "criteria"), criteria_value, &allowed)?;
    let behavior = Behavior {
        id: identity(&[profile, name, metric.name(), &criteria_value.to_string()]),
        name: name.to_owned(),
        test: read.test,
        windows: read.windows,
        to_alarm: read.to_alarm,
        to_clear: read.to_clear,
        suppress_alerts,
        metric,
    };
    Some((behavior, export))
}

/// A number for a behaviour that changes when what it means changes.
fn identity(parts: &[&str]) -> u64 {
    use sha2::{Digest, Sha256};
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    hash.finalize().iter().take(8).fold(0, |number, byte| (number << 8) | u64::from(*byte))
}

fn metric(
    reader: &mut Reader,
    path: &str,
    members: &serde_json::Map<String, Value>,
    custom: &[CustomMetric],
) -> Option<(MetricRef, Kind)> {
    let name = reader.required_text(path, members, "metric")?;
    if let Some(index) = metrics::index_of(name) {
        return Some((MetricRef::BuiltIn(index), metrics::ALL.get(index)?.kind()));
    }
    if let Some(metric) = custom.iter().find(|metric| metric.name == name) {
        return Some((MetricRef::Custom(Arc::from(name)), metric.kind));
    }
    let built_in = metrics::ALL.iter().map(|metric| metric.name());
    let known = built_in.chain(custom.iter().map(|metric| metric.name.as_str()));
    reader.problem(&join(path, "metric"), unknown("metric", known, name));
    None
}

fn refuse_dimension(reader: &mut Reader, path: &str, members: &serde_json::Map<String, Value>) {
    if members.contains_key("metricDimension") {
        let problem = "dimensions are not supported yet; leave it out to count all topics";
        reader.problem(&join(path, "metricDimension"), problem);
    }
}

/// Metrics to retain that are exported. The older list cannot export.
fn retained(
    reader: &mut Reader,
    members: &serde_json::Map<String, Value>,
    custom: &[CustomMetric],
) -> Vec<MetricRef> {
    for (index, value) in reader.list("", members, "additionalMetricsToRetain").iter().enumerate() {
        let path = format!("additionalMetricsToRetain[{index}]");
        let mut wrapped = serde_json::Map::new();
        wrapped.insert("metric".to_owned(), value.clone());
        metric(reader, &path, &wrapped, custom);
    }
    let mut exported = Vec::new();
    for (index, value) in reader.list("", members, "additionalMetricsToRetainV2").iter().enumerate()
    {
        let path = format!("additionalMetricsToRetainV2[{index}]");
        let Some(entry) = reader.object(&path, value, RETAIN_MEMBERS) else { continue };
        refuse_dimension(reader, &path, entry);
        let export = reader.flag(&path, entry, "exportMetric");
        match metric(reader, &path, entry, custom) {
            Some((metric, _)) if export => exported.push(metric),
            _ => {}
        }
    }
    exported
}

fn targets(reader: &mut Reader, members: &serde_json::Map<String, Value>) -> Vec<Target> {
    let mut targets = Vec::new();
    for (index, value) in reader.list("", members, "targets").iter().enumerate() {
        match value.as_str().and_then(Target::parse) {
            Some(target) => targets.push(target),
            None => reader.problem(
                &format!("targets[{index}]"),
                "must be the ARN of a thing group or of all/things, all/registered-things or \
                 all/unregistered-things",
            ),
        }
    }
    targets
}

fn export_topic(reader: &mut Reader, value: Option<&Value>) -> Option<Arc<str>> {
    const PATH: &str = "metricsExportConfig";
    let members = reader.object(PATH, value?, &["mqttTopic", "roleArn"])?;
    reader.required_text(PATH, members, "roleArn");
    let topic = reader.required_text(PATH, members, "mqttTopic")?;
    if topic.is_empty() || topic.len() > 512 || topic.contains(['+', '#', '\0']) {
        let problem = "must be a topic of 1 to 512 bytes without wildcards";
        reader.problem(&join(PATH, "mqttTopic"), problem);
        return None;
    }
    Some(Arc::from(topic))
}

fn check_alert_targets(reader: &mut Reader, value: Option<&Value>) {
    let Some(value) = value else { return };
    let Some(targets) = reader.object("alertTargets", value, &["SNS"]) else { return };
    let Some(sns) = targets.get("SNS") else { return };
    let path = "alertTargets.SNS";
    if let Some(members) = reader.object(path, sns, &["alertTargetArn", "roleArn"]) {
        reader.required_text(path, members, "alertTargetArn");
        reader.required_text(path, members, "roleArn");
    }
}

/// 1–128 of `[a-zA-Z0-9:_-]`.
fn check_name(reader: &mut Reader, path: &str, name: &str) {
    let allowed = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b':' | b'_' | b'-');
    if !(1..=128).contains(&name.len()) || !name.bytes().all(allowed) {
        reader.problem(path, "must be 1–128 of [a-zA-Z0-9:_-]");
    }
}
