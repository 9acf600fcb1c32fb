//! What a security profile says, in AWS's shape.

use serde_json::{Map, Value};

/// The members of `CreateSecurityProfile`, but for the name and the tags.
const MEMBERS: &[&str] = &[
    "securityProfileDescription",
    "behaviors",
    "alertTargets",
    "additionalMetricsToRetain",
    "additionalMetricsToRetainV2",
    "metricsExportConfig",
];
const RETAINED: &[&str] = &["additionalMetricsToRetain", "additionalMetricsToRetainV2"];
/// Filled in where a criterion does not say it.
const COUNTS: [&str; 2] = ["consecutiveDatapointsToAlarm", "consecutiveDatapointsToClear"];

/// What a profile says: members in AWS's shape. Nulls in it are as good as absent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ProfileContent(Map<String, Value>);

/// What `UpdateSecurityProfile` can clear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClearedMember {
    /// `deleteBehaviors`.
    Behaviors,
    /// `deleteAlertTargets`.
    AlertTargets,
    /// `deleteAdditionalMetricsToRetain`, for both lists.
    AdditionalMetrics,
    /// `deleteMetricsExportConfig`.
    Export,
}

impl ClearedMember {
    /// Each of them.
    pub const ALL: [Self; 4] =
        [Self::Behaviors, Self::AlertTargets, Self::AdditionalMetrics, Self::Export];

    /// AWS's name of the flag.
    pub const fn flag(self) -> &'static str {
        match self {
            Self::Behaviors => "deleteBehaviors",
            Self::AlertTargets => "deleteAlertTargets",
            Self::AdditionalMetrics => "deleteAdditionalMetricsToRetain",
            Self::Export => "deleteMetricsExportConfig",
        }
    }

    /// The members that it clears.
    pub(super) const fn members(self) -> &'static [&'static str] {
        match self {
            Self::Behaviors => &["behaviors"],
            Self::AlertTargets => &["alertTargets"],
            Self::AdditionalMetrics => RETAINED,
            Self::Export => &["metricsExportConfig"],
        }
    }
}

impl ProfileContent {
    /// Content as somebody gives it; it is checked when it is put to use.
    pub fn new(members: Map<String, Value>) -> Self {
        Self(without_nulls(members))
    }

    /// The members of a request's body that are content; others are left to the caller.
    pub fn of_request(mut members: Map<String, Value>) -> Self {
        members.retain(|name, _| MEMBERS.contains(&name.as_str()));
        Self::new(members)
    }

    /// Content as it is stored. Tags of templates are kept elsewhere.
    pub(super) fn stored(mut members: Map<String, Value>) -> Self {
        members.shift_remove("tags");
        members.shift_remove("securityProfileName");
        Self(members)
    }

    /// The members as they were given.
    pub const fn members(&self) -> &Map<String, Value> {
        &self.0
    }

    /// The members as AWS shows them: `behaviors` always, and criteria with their defaults.
    pub fn shown(&self) -> Map<String, Value> {
        let mut members = self.0.clone();
        let behaviors = members.entry("behaviors").or_insert_with(|| Value::Array(Vec::new()));
        for behavior in behaviors.as_array_mut().into_iter().flatten() {
            let criteria = behavior.get_mut("criteria").and_then(Value::as_object_mut);
            let Some(criteria) = criteria else { continue };
            for count in COUNTS {
                criteria.entry(count).or_insert_with(|| Value::from(1));
            }
        }
        members
    }

    /// Names of members that are no content.
    pub(super) fn foreign(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str).filter(|name| !MEMBERS.contains(name))
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    /// The behaviours as they are written.
    pub(super) fn behaviors(&self) -> &[Value] {
        self.list("behaviors")
    }

    /// Puts `members` in place of those of the same names.
    pub(super) fn replace(&mut self, members: Self) {
        self.0.extend(members.0);
    }

    pub(super) fn clear(&mut self, member: ClearedMember) {
        for name in member.members() {
            self.0.shift_remove(*name);
        }
    }

    /// Whether a behaviour or a retained metric is about this metric.
    pub(crate) fn uses_metric(&self, wanted: &str) -> bool {
        let mut older = self.list("additionalMetricsToRetain").iter();
        let is_wanted = |value: Option<&Value>| value.and_then(Value::as_str) == Some(wanted);
        older.any(|metric| is_wanted(Some(metric)))
            || self.uses().any(|entry| is_wanted(entry.get("metric")))
    }

    /// Whether a behaviour or a retained metric is restricted by this dimension.
    pub(crate) fn uses_dimension(&self, wanted: &str) -> bool {
        self.uses().any(|entry| {
            let dimension = entry.get("metricDimension").and_then(|it| it.get("dimensionName"));
            dimension.and_then(Value::as_str) == Some(wanted)
        })
    }

    /// Everything that may name a metric and a dimension.
    fn uses(&self) -> impl Iterator<Item = &Value> {
        self.behaviors().iter().chain(self.list("additionalMetricsToRetainV2"))
    }

    fn list(&self, name: &str) -> &[Value] {
        self.0.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }
}

fn without_nulls(members: Map<String, Value>) -> Map<String, Value> {
    members
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| (name, nested_without_nulls(value)))
        .collect()
}

fn nested_without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(without_nulls(members)),
        Value::Array(items) => items.into_iter().map(nested_without_nulls).collect(),
        value => value,
    }
}
