//! Violations as they were stored before they carried their definition and their datapoints.

use picket_core::{MetricValue, Timestamp, TraceId};
use picket_ports::alarms::{
    CriteriaType, Evidence, Verification, Violation, ViolationEvent, ViolationEventType,
};
use serde::Deserialize;
use serde_json::json;

use super::Alarm;

/// A stored violation of the first version.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
pub(crate) struct ViolationV1 {
    pub(crate) violation_id: String,
    pub(crate) thing: String,
    pub(crate) profile: String,
    pub(crate) behavior: String,
    pub(crate) metric: String,
    pub(crate) started: Timestamp,
    pub(crate) last_violation: Timestamp,
    pub(crate) last_value: MetricValue,
    pub(crate) ended: Option<Timestamp>,
    pub(crate) explanation: String,
    pub(crate) trace: Option<TraceId>,
}

/// A stored event of the first version.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
pub(crate) struct ViolationEventV1 {
    pub(crate) violation: ViolationV1,
    pub(crate) event: ViolationEventType,
    pub(crate) time: Timestamp,
    pub(crate) value: Option<MetricValue>,
}

impl From<ViolationV1> for Violation {
    fn from(old: ViolationV1) -> Self {
        let definition = json!({ "name": old.behavior, "metric": old.metric }).to_string();
        let newest = old.trace.clone().map(|trace| Evidence {
            time: old.last_violation,
            value: old.last_value.clone(),
            threshold: None,
            violates: true,
            trace,
        });
        Self {
            violation_id: old.violation_id,
            thing: old.thing,
            profile: old.profile,
            behavior: old.behavior,
            metric: old.metric,
            started: old.started,
            last_violation: old.last_violation,
            last_value: old.last_value,
            ended: old.ended,
            explanation: old.explanation,
            trace: old.trace,
            definition,
            criteria: CriteriaType::Static,
            suppressed: false,
            datapoints: newest.into_iter().collect(),
            verification: Verification::default(),
        }
    }
}

impl From<ViolationV1> for Alarm {
    fn from(old: ViolationV1) -> Self {
        Self { violation: old.into(), alert_target: None }
    }
}

impl From<ViolationEventV1> for ViolationEvent {
    fn from(old: ViolationEventV1) -> Self {
        let ViolationEventV1 { violation, event, time, value } = old;
        Self { violation: violation.into(), event, time, value }
    }
}
