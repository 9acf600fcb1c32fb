//! Reading a security profile document: AWS's shape plus `targets` (spec device-defender §3.1, §3.2).

use std::sync::Arc;

use serde_json::{Map, Value};

use super::criteria::{self, Allowed};
use super::reader::{Problem, Reader, check_name, join};
use super::watched::{retained, watched};
use super::{Behavior, Export, Profile, Target, Vocabulary, WatchedMetric};
use crate::evaluate::Operator;
use crate::metrics::{Kind, Period};

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
    "version",
    "modified_ms",
];
const BEHAVIOR_MEMBERS: &[&str] =
    &["name", "metric", "metricDimension", "criteria", "suppressAlerts", "exportMetric"];
const BEHAVIORS_MAX: usize = 100;
const DESCRIPTION_MAX: usize = 1000;

/// Reads and checks the profile `name`; with all problems if there are any.
pub fn parse(name: &str, body: &str, vocabulary: &Vocabulary<'_>) -> Result<Profile, Vec<Problem>> {
    let mut reader = Reader::default();
    let document: Value = match serde_json::from_str(body) {
        Ok(document) => document,
        Err(error) => {
            reader.problem("", format!("is not JSON: {error}"));
            return Err(reader.problems);
        }
    };
    let profile = read(&mut reader, name, &document, vocabulary);
    if reader.elements > vocabulary.elements_max {
        let (elements, max) = (reader.elements, vocabulary.elements_max);
        let problem = format!(
            "have {elements} ports, blocks, numbers and texts in all thresholds together; at most \
             {max} are allowed"
        );
        reader.problem("behaviors", problem);
    }
    match profile {
        Some(profile) if reader.problems.is_empty() => Ok(profile),
        _ => Err(reader.problems),
    }
}

fn read(
    reader: &mut Reader,
    name: &str,
    document: &Value,
    vocabulary: &Vocabulary<'_>,
) -> Option<Profile> {
    let members = reader.object("", document, MEMBERS)?;
    check_name(reader, "securityProfileName", name);
    check_description(reader, members);
    let alert_target = alert_target(reader, members.get("alertTargets"));
    let list = reader.list("", members, "behaviors");
    if list.len() > BEHAVIORS_MAX {
        reader
            .problem("behaviors", format!("{} are too many; at most 100 are allowed", list.len()));
        return None;
    }
    let mut lists = Lists::default();
    let mut behaviors: Vec<Behavior> = Vec::with_capacity(list.len());
    for (index, value) in list.iter().enumerate() {
        let path = format!("behaviors[{index}]");
        let Some((behavior, export)) = behavior(reader, (name, &path), value, vocabulary) else {
            continue;
        };
        if behaviors.iter().any(|other| other.name == behavior.name) {
            reader.problem(&join(&path, "name"), format!("`{}` is given twice", behavior.name));
        }
        let metric = behavior.metric.clone();
        lists.add(WatchedMetric { metric, dimension: behavior.dimension.clone() }, export);
        behaviors.push(behavior);
    }
    for (metric, export) in retained(reader, members, vocabulary) {
        lists.add(metric, export);
    }
    let targets = targets(reader, members);
    let topic = export_topic(reader, members.get("metricsExportConfig"));
    let Lists { exported, retained } = lists;
    let export =
        topic.filter(|_| !exported.is_empty()).map(|topic| Export { topic, metrics: exported });
    Some(Profile { name: name.to_owned(), targets, behaviors, export, retained, alert_target })
}

/// What a profile exports and keeps, each metric once.
#[derive(Default)]
struct Lists {
    exported: Vec<WatchedMetric>,
    retained: Vec<WatchedMetric>,
}

impl Lists {
    fn add(&mut self, metric: WatchedMetric, export: bool) {
        if export && !self.exported.contains(&metric) {
            self.exported.push(metric.clone());
        }
        if !self.retained.contains(&metric) {
            self.retained.push(metric);
        }
    }
}

/// The behaviour, and whether its metric is exported.
fn behavior(
    reader: &mut Reader,
    (profile, path): (&str, &str),
    value: &Value,
    vocabulary: &Vocabulary<'_>,
) -> Option<(Behavior, bool)> {
    let members = reader.object(path, value, BEHAVIOR_MEMBERS)?;
    let name = reader.required_text(path, members, "name");
    if let Some(name) = name {
        check_name(reader, &join(path, "name"), name);
    }
    let suppress_alerts = reader.flag(path, members, "suppressAlerts");
    let export = reader.flag(path, members, "exportMetric");
    let watched = watched(reader, path, members, vocabulary);
    let Some(criteria_value) = members.get("criteria") else {
        reader.problem(&join(path, "criteria"), "is missing");
        return None;
    };
    let (WatchedMetric { metric, dimension }, kind) = watched?;
    let built_in = metric.built_in();
    let custom_period = if kind == Kind::Number { Period::Optional } else { Period::Forbidden };
    let allowed = Allowed {
        metric: metric.name(),
        kind,
        period: built_in.map_or(custom_period, |it| it.period()),
        statistical: built_in.map_or(kind == Kind::Number, |it| it.statistical()),
        operator: &|operator: Operator| match built_in {
            Some(metric) => metric.allows(operator),
            None => kind.allows(operator),
        },
        elements_max: vocabulary.elements_max,
    };
    let read = criteria::read(reader, &join(path, "criteria"), criteria_value, &allowed)?;
    let name = name?;
    let lens = dimension.as_ref().map(|it| it.lens.to_string());
    let mut behavior = Behavior {
        id: identity(&[profile, name, metric.name(), &meaning(&read.shown)], lens.as_deref()),
        name: name.to_owned(),
        dimension,
        criteria: read.criteria,
        windows: read.windows,
        to_alarm: read.to_alarm,
        to_clear: read.to_clear,
        suppress_alerts,
        metric,
        definition: Arc::from(""),
    };
    behavior.definition = definition(&behavior, read.shown, export);
    Some((behavior, export))
}

/// The behaviour as AWS shows it. What is off is left out.
fn definition(behavior: &Behavior, criteria: Map<String, Value>, export: bool) -> Arc<str> {
    let mut shown = Map::new();
    shown.insert("name".to_owned(), behavior.name.as_str().into());
    shown.insert("metric".to_owned(), behavior.metric.name().into());
    if let Some(it) = &behavior.dimension {
        let dimension = serde_json::json!({
            "dimensionName": it.dimension.name,
            "operator": it.operator.as_str(),
        });
        shown.insert("metricDimension".to_owned(), dimension);
    }
    shown.insert("criteria".to_owned(), Value::Object(criteria));
    for (name, flag) in [("suppressAlerts", behavior.suppress_alerts), ("exportMetric", export)] {
        if flag {
            shown.insert(name.to_owned(), true.into());
        }
    }
    Value::Object(shown).to_string().into()
}

/// The criteria as text, the same however they were written: in the order of names, without counts of
/// one, which are the default.
fn meaning(criteria: &Map<String, Value>) -> String {
    let is_default = |name: &str, value: &Value| {
        matches!(name, "consecutiveDatapointsToAlarm" | "consecutiveDatapointsToClear")
            && value.as_u64() == Some(1)
    };
    let said = criteria.iter().filter(|(name, value)| !is_default(name, value));
    let sorted: std::collections::BTreeMap<_, _> = said.collect();
    let texts = sorted.into_iter().map(|(name, value)| format!("\"{name}\":{value}"));
    format!("{{{}}}", texts.collect::<Vec<_>>().join(","))
}

/// A number for a behaviour that changes when what it means changes.
fn identity(parts: &[&str], lens: Option<&str>) -> u64 {
    use sha2::{Digest, Sha256};
    let mut hash = Sha256::new();
    for part in parts.iter().copied().chain(lens) {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    hash.finalize().iter().take(8).fold(0, |number, byte| (number << 8) | u64::from(*byte))
}

fn check_description(reader: &mut Reader, members: &Map<String, Value>) {
    const NAME: &str = "securityProfileDescription";
    let Some(text) = reader.text("", members, NAME) else { return };
    if text.chars().count() > DESCRIPTION_MAX || text.chars().any(char::is_control) {
        let problem =
            format!("must have at most {DESCRIPTION_MAX} characters, none a control character");
        reader.problem(NAME, problem);
    }
}

fn targets(reader: &mut Reader, members: &Map<String, Value>) -> Vec<Target> {
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
    check_role(reader, PATH, members);
    let topic = reader.required_text(PATH, members, "mqttTopic")?;
    if topic.is_empty() || topic.len() > 512 || topic.contains(['+', '#', '\0']) {
        let problem = "must be a topic of 1 to 512 bytes without wildcards";
        reader.problem(&join(PATH, "mqttTopic"), problem);
        return None;
    }
    Some(Arc::from(topic))
}

fn alert_target(reader: &mut Reader, value: Option<&Value>) -> Option<String> {
    let targets = reader.object("alertTargets", value?, &["SNS"])?;
    let path = "alertTargets.SNS";
    let members = reader.object(path, targets.get("SNS")?, &["alertTargetArn", "roleArn"])?;
    check_role(reader, path, members);
    let arn = reader.required_text(path, members, "alertTargetArn")?;
    if !arn.starts_with("arn:") || arn.len() > 2048 {
        let problem = "must be the ARN of an SNS topic, 2048 bytes at most";
        reader.problem(&join(path, "alertTargetArn"), problem);
    }
    Some(arn.to_owned())
}

/// The role is required and stored; nobody assumes it.
fn check_role(reader: &mut Reader, path: &str, members: &Map<String, Value>) {
    let Some(role) = reader.required_text(path, members, "roleArn") else { return };
    if !(20..=2048).contains(&role.len()) {
        reader.problem(&join(path, "roleArn"), "must have 20 to 2048 characters");
    }
}
