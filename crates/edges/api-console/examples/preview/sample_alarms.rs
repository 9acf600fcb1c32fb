//! Alarms of invented devices: numbers over a limit, sets with one element too many, percentiles.

use picket_core::{Clock as _, MetricValue, SystemClock, Timestamp, TraceId};
use picket_ports::alarms::{
    CriteriaType, Evidence, Verification, VerificationState, Violation, ViolationEvent,
    ViolationEventType,
};
use serde_json::{Value, json};

const MINUTE: i64 = 60_000;

/// What a device did, and what was expected of it.
struct Deed {
    behavior: &'static str,
    metric: &'static str,
    criteria: Value,
    kind: CriteriaType,
    explanation: &'static str,
    values: Vec<(MetricValue, Option<f64>, bool)>,
}

/// `count` active alarms, newest first.
pub(crate) fn active(count: u32) -> Vec<Violation> {
    (0..count).map(|n| violation(n, thing(n), 3 + i64::from(n) * 7)).collect()
}

/// What happened to `active`, and to some that are over; newest first.
pub(crate) fn history(active: &[Violation]) -> Vec<ViolationEvent> {
    let mut events: Vec<_> = active.iter().cloned().map(raised).collect();
    for n in 0..40_u32 {
        let mut violation = violation(10_000 + n, thing(n * 3 + 1), 180 + i64::from(n) * 61);
        events.push(raised(violation.clone()));
        let end = Timestamp::from_millis(violation.started.as_millis() + 40 * MINUTE);
        violation.ended = Some(end);
        let event = match n % 9 {
            8 => ViolationEventType::AlarmInvalidated,
            _ => ViolationEventType::AlarmCleared,
        };
        let value = (n % 9 != 8).then(|| violation.datapoints[0].value.clone());
        events.push(ViolationEvent { violation, event, time: end, value });
    }
    events.sort_by_key(|event| std::cmp::Reverse(event.time));
    events
}

fn raised(mut violation: Violation) -> ViolationEvent {
    violation.ended = None;
    let (time, value) = (violation.started, Some(violation.last_value.clone()));
    ViolationEvent { violation, event: ViolationEventType::InAlarm, time, value }
}

/// The name of a device of the sample fleet; the fourth is a hostile one.
fn thing(n: u32) -> String {
    if n == 3 {
        return "thermostat-<img src=x onerror=alert(1)>".to_owned();
    }
    let n = (n * 5 + 2) % 240;
    format!("{}-{n:04}", super::KINDS[n as usize % super::KINDS.len()])
}

fn violation(n: u32, thing: String, minutes_ago: i64) -> Violation {
    let now = SystemClock.now().as_millis();
    let Deed { behavior, metric, criteria, kind, explanation, values } = deed(n);
    let last = i64::try_from(values.len()).unwrap_or_default() - 1;
    let started = now - minutes_ago * MINUTE;
    let mut datapoints = Vec::new();
    for (at, (value, threshold, violates)) in (0_i64..).zip(values) {
        let time = Timestamp::from_millis(started - (last - at) * 5 * MINUTE);
        let sequence = u64::from(n) * 16 + at.unsigned_abs();
        let trace = TraceId { log: "reports".to_owned(), partition: 0, sequence };
        datapoints.push(Evidence { time, value, threshold, violates, trace });
    }
    let newest = datapoints[datapoints.len() - 1].clone();
    let definition = json!({ "name": behavior, "metric": metric, "criteria": criteria });
    Violation {
        violation_id: format!("{:032x}", n + 1),
        thing,
        profile: "picket-baseline".to_owned(),
        behavior: behavior.to_owned(),
        metric: metric.to_owned(),
        started: Timestamp::from_millis(started),
        last_violation: Timestamp::from_millis(now - 20_000),
        last_value: newest.value,
        ended: None,
        explanation: explanation.to_owned(),
        trace: Some(newest.trace),
        definition: definition.to_string(),
        criteria: kind,
        suppressed: n % 7 == 5,
        datapoints,
        verification: verification(n, now),
    }
}

fn verification(n: u32, now: i64) -> Verification {
    if n % 13 != 6 {
        return Verification::default();
    }
    Verification {
        state: VerificationState::BenignPositive,
        description: Some("The update of Tuesday.\nSee the ward's calendar.".to_owned()),
        by: Some("ana".to_owned()),
        at: Some(Timestamp::from_millis(now - 2 * MINUTE)),
    }
}

fn deed(n: u32) -> Deed {
    match n % 4 {
        0 => ports(),
        1 => bytes_out(),
        2 => failures(),
        _ => destinations(),
    }
}

fn ports() -> Deed {
    let ports = |ports: &[u16], violates| (MetricValue::Ports(ports.to_vec()), None, violates);
    Deed {
        behavior: "listening-ports",
        metric: "aws:listening-tcp-ports",
        criteria: json!({ "comparisonOperator": "in-port-set", "value": { "ports": [22, 8883] },
            "consecutiveDatapointsToAlarm": 1, "consecutiveDatapointsToClear": 1 }),
        kind: CriteriaType::Static,
        explanation: "listening TCP ports should all be in 22, 8883; port 21 is open since 22:41:07",
        values: vec![ports(&[22, 8883], false), ports(&[21, 22, 8883], true)],
    }
}

fn bytes_out() -> Deed {
    let counts = [1_204_311, 1_650_020, 2_004_800, 9_100_002, 22_840_117, 48_211_093];
    let value = |count| (MetricValue::Count(count), None, count > 5_000_000);
    Deed {
        behavior: "bytes-out",
        metric: "aws:all-bytes-out",
        criteria: json!({ "comparisonOperator": "less-than-equals", "value": { "count": 5_000_000 },
            "durationSeconds": 300, "consecutiveDatapointsToAlarm": 2, "consecutiveDatapointsToClear": 2 }),
        kind: CriteriaType::Static,
        explanation: "bytes out in 5 min should be at most 5000000; 48211093 were sent in the window that ended at 22:30:00",
        values: counts.map(value).into(),
    }
}

fn failures() -> Deed {
    let pairs = [(3, 14.0), (12, 15.0), (21, 16.0), (30, 16.5), (37, 17.0)];
    let value = |(count, limit)| (MetricValue::Count(count), Some(limit), count as f64 >= limit);
    Deed {
        behavior: "authorization-failures",
        metric: "aws:num-authorization-failures",
        criteria: json!({ "comparisonOperator": "less-than", "durationSeconds": 300,
            "statisticalThreshold": { "statistic": "p99" },
            "consecutiveDatapointsToAlarm": 3, "consecutiveDatapointsToClear": 1 }),
        kind: CriteriaType::Statistical,
        explanation: "authorization failures in 5 min should be less than the fleet's p99, which was 17; 37 came in the window that ended at 21:40:00",
        values: pairs.map(value).into(),
    }
}

fn destinations() -> Deed {
    let addresses = ["10.1.2.3", "10.9.9.9", "203.0.113.99", "fd00::12"];
    let value = MetricValue::Cidrs(addresses.map(str::to_owned).into());
    Deed {
        behavior: "destinations",
        metric: "aws:destination-ip-addresses",
        criteria: json!({ "comparisonOperator": "in-cidr-set",
            "value": { "cidrs": ["10.0.0.0/8", "fd00::/8"] },
            "consecutiveDatapointsToAlarm": 1, "consecutiveDatapointsToClear": 1 }),
        kind: CriteriaType::Static,
        explanation: "destination addresses should all be in 10.0.0.0/8, fd00::/8; 203.0.113.99 is not",
        values: vec![(value, None, true)],
    }
}
