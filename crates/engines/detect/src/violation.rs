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

#[cfg(test)]
mod tests {
    use picket_profile::{Vocabulary, parse};

    use super::*;

    const TOPIC: &str = "arn:aws:sns:us-east-1:000000000000:alarms";

    fn profile(to_alarm: u8, is_muted: bool) -> Profile {
        let body = format!(
            r#"{{"behaviors":[{{"name":"b","metric":"aws:listening-tcp-ports","suppressAlerts":{is_muted},
              "criteria":{{"comparisonOperator":"in-port-set","value":{{"ports":[22]}},
              "consecutiveDatapointsToAlarm":{to_alarm}}}}}],
              "alertTargets":{{"SNS":{{"alertTargetArn":"{TOPIC}","roleArn":"arn:aws:iam::000000000000:role/x"}}}}}}"#
        );
        parse("p", &body, &Vocabulary::default()).unwrap()
    }

    fn point(profile: &Profile, seconds: i64, ports: Vec<u16>) -> Datapoint<'_> {
        Datapoint {
            thing: "cam",
            profile,
            behavior: &profile.behaviors[0],
            measured: Measured::ports(ports),
            at: Timestamp::from_millis(seconds * 1000),
            trace: (3, u64::try_from(seconds).unwrap()),
            percentile: None,
        }
    }

    /// The seconds of the datapoints of an alarm; negative where they were as expected.
    fn seconds(violation: &Violation) -> String {
        let second = |it: &Evidence| match it.violates {
            true => it.time.as_millis() / 1000,
            false => -it.time.as_millis() / 1000,
        };
        let seconds = violation.datapoints.iter().map(|it| second(it).to_string());
        seconds.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn an_alarm_keeps_the_datapoints_that_raised_it_the_newest_and_the_one_that_ended_it() {
        let profile = profile(3, false);
        let run = [1, 2].map(|second| evidence(&point(&profile, second, vec![21]), true));
        let (mut alarm, told) = raised(&point(&profile, 3, vec![21]), run.into());
        assert_eq!(seconds(&told.event.violation), "1 2 3");
        let traces = told.event.violation.datapoints.iter().map(|it| it.trace.to_string());
        assert_eq!(traces.collect::<Vec<_>>(), ["reports/3/1", "reports/3/2", "reports/3/3"]);
        for second in 4..40 {
            renew(&mut alarm, &point(&profile, second, vec![21, 23]));
        }
        assert_eq!(seconds(&alarm.violation), "1 2 3 39");
        let ended = cleared(alarm, &point(&profile, 40, vec![22])).event;
        assert_eq!(seconds(&ended.violation), "1 2 3 39 -40");
        assert_eq!(ended.value, Some(MetricValue::Ports(vec![22])));
        assert_eq!(ended.violation.last_value, MetricValue::Ports(vec![21, 23]));
    }

    #[test]
    fn a_topic_is_told_of_an_alarm_and_of_its_end_unless_the_behaviour_is_muted() {
        let (loud, muted) = (profile(1, false), profile(1, true));
        let target = |told: &AlarmEvent| told.alert_target.clone();
        let (alarm, told) = raised(&point(&loud, 1, vec![21]), Vec::new());
        assert_eq!(target(&told).as_deref(), Some(TOPIC));
        assert_eq!(
            target(&invalidated(alarm.clone(), Timestamp::from_millis(9))).as_deref(),
            Some(TOPIC)
        );
        // Muted meanwhile, which does not end the alarm.
        let told = cleared(alarm, &point(&muted, 2, vec![22]));
        assert_eq!((target(&told), told.event.violation.suppressed), (None, true));
        let (alarm, told) = raised(&point(&muted, 1, vec![21]), Vec::new());
        assert_eq!(
            (target(&told), target(&invalidated(alarm, Timestamp::default()))),
            (None, None)
        );
    }

    #[test]
    fn a_device_chooses_how_long_a_list_is_but_not_how_much_an_alarm_keeps_of_it() {
        let profile = profile(1, false);
        let (alarm, _) = raised(&point(&profile, 1, (1000..3000).collect()), Vec::new());
        let MetricValue::Ports(shown) = &alarm.violation.datapoints[0].value else {
            panic!("ports")
        };
        assert_eq!(shown.len(), ELEMENTS_MAX);
    }
}
