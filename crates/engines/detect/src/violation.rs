//! Turning what evaluation found into violations and their events (spec device-defender §4.1, §4.4).

use picket_core::{MetricValue, Timestamp, TraceId};
use picket_ports::alarms::{
    CriteriaType, Evidence, Verification, Violation, ViolationEvent, ViolationEventType,
};
use picket_profile::{Behavior, Criteria, Measured, Profile};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::partition::LOG;

mod explanation;
pub(crate) mod v1;

/// Elements that a datapoint of an alarm shows of a list: a device chooses how long its lists are, and an
/// alarm keeps a dozen of them.
const ELEMENTS_MAX: usize = 50;

/// One datapoint of one behaviour.
#[derive(Debug)]
pub(crate) struct Datapoint<'a> {
    pub(crate) thing: &'a str,
    pub(crate) profile: &'a Profile,
    pub(crate) behavior: &'a Behavior,
    pub(crate) measured: Measured,
    pub(crate) at: Timestamp,
    /// Partition and sequence of the record that it comes from.
    pub(crate) trace: (u16, u64),
    /// What it is compared with where that is no fixed value.
    pub(crate) percentile: Option<Percentile>,
}

/// A percentile over the devices of a profile, as it was when a datapoint was compared with it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Percentile {
    pub(crate) threshold: f64,
    pub(crate) devices: u64,
}

/// An alarm that is on, as the state of its behaviour keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Alarm {
    pub(crate) violation: Violation,
    /// The profile's alert target at the newest datapoint: whoever is told of the alarm is told of its
    /// end, also when that comes from the profile's removal.
    pub(crate) alert_target: Option<String>,
}

/// Something that happened to an alarm, and which topic is told of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct AlarmEvent {
    pub(crate) event: ViolationEvent,
    /// Absent where there is none or the behaviour is muted.
    pub(crate) alert_target: Option<String>,
}

/// The datapoint as an alarm shows it.
pub(crate) fn evidence(point: &Datapoint<'_>, violates: bool) -> Evidence {
    Evidence {
        time: point.at,
        value: shortened(point.behavior.shown(&point.measured)),
        threshold: point.percentile.map(|it| it.threshold),
        violates,
        trace: trace(point),
    }
}

/// The alarm that `point` completes, after the violating datapoints `run`.
pub(crate) fn raised(point: &Datapoint<'_>, mut run: Vec<Evidence>) -> (Alarm, AlarmEvent) {
    let Datapoint { thing, profile, behavior, measured, at, .. } = point;
    run.push(evidence(point, true));
    let trace = trace(point);
    let violation = Violation {
        violation_id: violation_id(point, &trace),
        thing: (*thing).to_owned(),
        profile: profile.name.clone(),
        behavior: behavior.name.clone(),
        metric: behavior.metric.name().to_owned(),
        started: *at,
        last_violation: *at,
        last_value: behavior.shown(measured),
        ended: None,
        explanation: explanation::sentence(point, *at),
        trace: Some(trace),
        definition: behavior.definition.to_string(),
        criteria: criteria(behavior),
        suppressed: behavior.suppress_alerts,
        datapoints: run,
        verification: Verification::default(),
    };
    let alarm = Alarm { violation, alert_target: alert_target(point) };
    let told = event(alarm.violation.clone(), ViolationEventType::InAlarm, point);
    (alarm, told)
}

/// Makes `point` the newest violation of an alarm that is on.
pub(crate) fn renew(alarm: &mut Alarm, point: &Datapoint<'_>) {
    let raised_by = usize::from(point.behavior.to_alarm);
    alarm.alert_target = alert_target(point);
    let violation = &mut alarm.violation;
    violation.last_violation = point.at;
    violation.last_value = point.behavior.shown(&point.measured);
    violation.explanation = explanation::sentence(point, violation.started);
    describe(violation, point.behavior);
    violation.datapoints.truncate(raised_by);
    violation.datapoints.push(evidence(point, true));
}

/// Muting a behaviour does not end its alarms.
fn describe(violation: &mut Violation, behavior: &Behavior) {
    if violation.suppressed != behavior.suppress_alerts {
        violation.suppressed = behavior.suppress_alerts;
        violation.definition = behavior.definition.to_string();
    }
}

/// The end of an alarm by `point`, which is as expected.
pub(crate) fn cleared(alarm: Alarm, point: &Datapoint<'_>) -> AlarmEvent {
    let mut violation = alarm.violation;
    violation.ended = Some(point.at);
    describe(&mut violation, point.behavior);
    violation.datapoints.push(evidence(point, false));
    event(violation, ViolationEventType::AlarmCleared, point)
}

/// The end of an alarm whose behaviour watches the device no longer, or from which nothing came for too
/// long.
pub(crate) fn invalidated(alarm: Alarm, at: Timestamp) -> AlarmEvent {
    let Alarm { mut violation, alert_target } = alarm;
    violation.ended = Some(at);
    let event = ViolationEventType::AlarmInvalidated;
    AlarmEvent { event: ViolationEvent { violation, event, time: at, value: None }, alert_target }
}

fn event(violation: Violation, event: ViolationEventType, point: &Datapoint<'_>) -> AlarmEvent {
    let value = Some(point.behavior.shown(&point.measured));
    let event = ViolationEvent { violation, event, time: point.at, value };
    AlarmEvent { event, alert_target: alert_target(point) }
}

fn alert_target(point: &Datapoint<'_>) -> Option<String> {
    point.profile.alert_target.clone().filter(|_| !point.behavior.suppress_alerts)
}

const fn criteria(behavior: &Behavior) -> CriteriaType {
    match behavior.criteria {
        Criteria::Static(_) => CriteriaType::Static,
        Criteria::Statistical { .. } => CriteriaType::Statistical,
    }
}

fn trace(point: &Datapoint<'_>) -> TraceId {
    let (partition, sequence) = point.trace;
    TraceId { log: LOG.to_owned(), partition, sequence }
}

/// The same for the same episode, however often its records are evaluated.
fn violation_id(point: &Datapoint<'_>, trace: &TraceId) -> String {
    let mut hash = Sha256::new();
    let time = point.at.as_millis().to_string();
    for part in [point.thing, &point.profile.name, &point.behavior.name, &trace.to_string(), &time]
    {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let digest = hash.finalize();
    hex::encode(digest.iter().take(16).copied().collect::<Vec<u8>>())
}

fn shortened(mut value: MetricValue) -> MetricValue {
    match &mut value {
        MetricValue::Count(_) | MetricValue::Number(_) => {}
        MetricValue::Cidrs(items) | MetricValue::Strings(items) => items.truncate(ELEMENTS_MAX),
        MetricValue::Ports(ports) => ports.truncate(ELEMENTS_MAX),
        MetricValue::Numbers(numbers) => numbers.truncate(ELEMENTS_MAX),
    }
    value
}
