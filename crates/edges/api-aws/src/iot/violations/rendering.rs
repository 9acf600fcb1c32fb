//! Violations and their events in AWS's shape (spec device-defender §4.4).

use picket_ports::alarms::{Violation, ViolationEvent};
use picket_wire_aws::timestamp;
use serde_json::{Value, json};

use super::filter::state_name;

/// A violation that is on.
pub(super) fn active(violation: &Violation) -> Value {
    json!({
        "violationId": violation.violation_id,
        "thingName": violation.thing,
        "securityProfileName": violation.profile,
        "behavior": behavior(violation),
        "lastViolationValue": violation.last_value,
        "verificationState": state_name(violation.verification.state),
        "verificationStateDescription": violation.verification.description,
        "lastViolationTime": timestamp::seconds(violation.last_violation),
        "violationStartTime": timestamp::seconds(violation.started),
    })
}

/// An event of the history.
pub(super) fn event(event: &ViolationEvent) -> Value {
    let violation = &event.violation;
    json!({
        "violationId": violation.violation_id,
        "thingName": violation.thing,
        "securityProfileName": violation.profile,
        "behavior": behavior(violation),
        "metricValue": event.value,
        "violationEventType": event.event,
        "verificationState": state_name(violation.verification.state),
        "verificationStateDescription": violation.verification.description,
        "violationEventTime": timestamp::seconds(event.time),
    })
}

/// The behavior as it was then.
fn behavior(violation: &Violation) -> Value {
    serde_json::from_str(&violation.definition)
        .unwrap_or_else(|_| json!({ "name": violation.behavior, "metric": violation.metric }))
}
