//! How an alarm is shown.

use std::time::Duration;

use picket_core::{MetricValue, Timestamp};
use picket_ports::alarms::{
    CriteriaType, Episode, Evidence, Verification, VerificationState, Violation, ViolationEventType,
};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::spl_text::{self, SavedSpl};

/// How much before and after an alarm its evidence shows.
const MARGIN: Duration = Duration::from_secs(1800);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum AlarmState {
    Active,
    Cleared,
    Invalidated,
}

impl AlarmState {
    /// The state after an event.
    pub(super) const fn after(event: ViolationEventType) -> Self {
        match event {
            ViolationEventType::InAlarm => Self::Active,
            ViolationEventType::AlarmCleared => Self::Cleared,
            ViolationEventType::AlarmInvalidated => Self::Invalidated,
        }
    }
}

/// What an alarm was found to be, and who says so.
#[derive(Debug, Serialize)]
struct VerificationView {
    state: VerificationState,
    description: Option<String>,
    by: Option<String>,
    at_ms: Option<Timestamp>,
}

/// A datapoint that an alarm rests on.
#[derive(Debug, Serialize)]
pub(crate) struct DatapointView {
    time_ms: Timestamp,
    value: MetricValue,
    threshold: Option<f64>,
    violates: bool,
    trace: String,
}

/// One alarm with the search that shows its evidence.
#[derive(Debug, Serialize)]
pub(crate) struct AlarmView {
    id: String,
    state: AlarmState,
    thing: String,
    profile: String,
    behavior: String,
    metric: String,
    started_ms: Timestamp,
    last_violation_ms: Timestamp,
    last_value: MetricValue,
    ended_ms: Option<Timestamp>,
    explanation: String,
    trace: Option<String>,
    evidence: SavedSpl,
    verification: VerificationView,
    suppressed: bool,
    criteria: CriteriaType,
    /// The behavior in AWS's shape; null where it is not known any more.
    definition: Option<Box<RawValue>>,
    datapoints: Vec<DatapointView>,
}

impl AlarmView {
    pub(crate) fn active(index: &str, violation: Violation) -> Self {
        Self::new(index, violation, AlarmState::Active)
    }

    /// An alarm as it stands after all its events.
    pub(super) fn of_episode(index: &str, episode: &Episode) -> Self {
        let last = episode.events.last().map(|event| AlarmState::after(event.event));
        let violation = episode.violation.clone();
        let state = last.filter(|_| violation.ended.is_some()).unwrap_or(AlarmState::Active);
        Self::new(index, violation, state)
    }

    pub(super) fn new(index: &str, violation: Violation, state: AlarmState) -> Self {
        let Violation {
            violation_id,
            thing,
            profile,
            behavior,
            metric,
            started,
            last_violation,
            last_value,
            ended,
            explanation,
            trace,
            definition,
            criteria,
            suppressed,
            datapoints,
            verification,
        } = violation;
        let earliest = Timestamp::from_millis(started.as_millis() - MARGIN.as_millis() as i64);
        let evidence = SavedSpl {
            spl: spl_text::metric_of_thing(index, &thing, &metric),
            earliest: spl_text::moment(earliest),
            latest: ended.map_or("now".to_owned(), |end| spl_text::moment(end.plus(MARGIN))),
        };
        Self {
            id: violation_id,
            state,
            thing,
            profile,
            behavior,
            metric,
            started_ms: started,
            last_violation_ms: last_violation,
            last_value,
            ended_ms: ended,
            explanation,
            trace: trace.map(|trace| trace.to_string()),
            evidence,
            verification: verification.into(),
            suppressed,
            criteria,
            definition: RawValue::from_string(definition).ok(),
            datapoints: datapoints.into_iter().map(DatapointView::from).collect(),
        }
    }
}

impl From<Verification> for VerificationView {
    fn from(verification: Verification) -> Self {
        let Verification { state, description, by, at } = verification;
        Self { state, description, by, at_ms: at }
    }
}

impl From<Evidence> for DatapointView {
    fn from(evidence: Evidence) -> Self {
        let Evidence { time, value, threshold, violates, trace } = evidence;
        Self { time_ms: time, value, threshold, violates, trace: trace.to_string() }
    }
}
