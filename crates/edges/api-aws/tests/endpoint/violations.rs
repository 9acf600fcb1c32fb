//! Violations of security profiles: lists, their filters and pages, and saying what was found.

use http::Method;
use picket_core::{MetricValue, Timestamp};
use picket_ports::alarms::by_hand::open_port;
use picket_ports::alarms::{ViolationEvent, ViolationEventType};
use picket_ports::registry::DocumentKind;
use serde_json::{Value, json};

use crate::rig::{Ask, Reply, Rig};

const START_MS: i64 = 1_718_000_000_000;

async fn get(rig: &Rig, target: &str) -> Reply {
    rig.admin("iot", Ask::get(target)).await
}

fn ids(reply: &Reply, list: &str) -> Vec<String> {
    let items = reply.json()[list].as_array().unwrap().clone();
    items.iter().map(|item| item["violationId"].as_str().unwrap().to_owned()).collect()
}

/// Thirty alarms that are on, and one that was cleared at `START_MS` + 500 ms.
async fn rig() -> Rig {
    let rig = Rig::new().await;
    let at = Timestamp::from_millis(START_MS);
    let mut active: Vec<_> =
        (1..=30).map(|n| open_port(&format!("{n:032x}"), &format!("cam-{n}"), at)).collect();
    (active[0].suppressed, active[0].profile) = (true, "muted".to_owned());
    rig.alarms.active.lock().unwrap().extend(active);
    let mut violation = open_port(&format!("{:032x}", 77), "cam-77", at);
    let time = Timestamp::from_millis(START_MS + 500);
    violation.ended = Some(time);
    let event = ViolationEventType::AlarmCleared;
    let value = Some(MetricValue::Ports(vec![22]));
    let cleared = ViolationEvent { violation, event, time, value };
    rig.alarms.history.lock().unwrap().push(cleared);
    for name in ["muted", "picket-baseline"] {
        let kind = DocumentKind::SecurityProfile;
        rig.registry.create_document(kind, name, r#"{"behaviors":[]}"#, at).await.unwrap();
    }
    rig
}

#[tokio::test]
async fn violations_and_events_have_aws_s_shape() {
    let rig = rig().await;
    let reply = get(&rig, "/active-violations?thingName=cam-2").await;
    let behavior = json!({
        "name": "listening-ports", "metric": "aws:listening-tcp-ports",
        "criteria": {"comparisonOperator": "in-port-set", "value": {"ports": [22, 8883]},
                     "consecutiveDatapointsToAlarm": 1, "consecutiveDatapointsToClear": 1}});
    let expected = json!({"activeViolations": [{
        "violationId": format!("{:032x}", 2), "thingName": "cam-2",
        "securityProfileName": "picket-baseline", "behavior": behavior,
        "lastViolationValue": {"ports": [21]}, "verificationState": "UNKNOWN",
        "lastViolationTime": 1_718_000_000, "violationStartTime": 1_718_000_000}]});
    assert_eq!(reply.json(), expected);
    let target = "/violation-events?startTime=2024-06-10T06:13:20Z&endTime=1718000000.5";
    let reply = get(&rig, target).await;
    let expected = json!({"violationEvents": [{
        "violationId": format!("{:032x}", 77), "thingName": "cam-77",
        "securityProfileName": "picket-baseline", "behavior": behavior,
        "metricValue": {"ports": [22]}, "violationEventType": "alarm-cleared",
        "verificationState": "UNKNOWN", "violationEventTime": 1_718_000_000.5}]});
    assert_eq!(reply.json(), expected);
}

#[tokio::test]
async fn pages_have_25_violations_unless_told_otherwise_and_meet() {
    let rig = rig().await;
    let first = get(&rig, "/active-violations").await;
    assert_eq!(ids(&first, "activeViolations").len(), 25);
    let token = first.json()["nextToken"].as_str().unwrap().to_owned();
    let token = token.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let rest = get(&rig, &format!("/active-violations?nextToken={token}")).await;
    assert_eq!(ids(&rest, "activeViolations").len(), 5);
    assert!(rest.json().get("nextToken").is_none());
    for target in ["/active-violations?maxResults=0", "/active-violations?maxResults=251"] {
        get(&rig, target).await.is_error(400, "InvalidRequestException", "maxResults");
    }
}

#[tokio::test]
async fn lists_are_filtered_and_wrong_filters_are_named() {
    let rig = rig().await;
    let muted = get(&rig, "/active-violations?listSuppressedAlerts=true").await;
    assert_eq!(ids(&muted, "activeViolations"), [format!("{:032x}", 1)]);
    let others = get(&rig, "/active-violations?listSuppressedAlerts=false&maxResults=250").await;
    assert_eq!(ids(&others, "activeViolations").len(), 29);
    let profile = get(&rig, "/active-violations?securityProfileName=muted").await;
    assert_eq!(ids(&profile, "activeViolations").len(), 1);
    let learned = get(&rig, "/active-violations?behaviorCriteriaType=MACHINE_LEARNING").await;
    assert_eq!(learned.json(), json!({"activeViolations": []}));
    let unknown = get(&rig, "/active-violations?securityProfileName=none").await;
    unknown.is_error(404, "ResourceNotFoundException", "none");
    for (query, words) in [
        ("behaviorCriteriaType=MAGIC", "MACHINE_LEARNING"),
        ("verificationState=MAYBE", "BENIGN_POSITIVE"),
        ("listSuppressedAlerts=yes", "true or false"),
    ] {
        let reply = get(&rig, &format!("/active-violations?{query}")).await;
        reply.is_error(400, "InvalidRequestException", words);
    }
}

#[tokio::test]
async fn events_need_a_period_that_runs_forwards() {
    let rig = rig().await;
    for (query, words) in [
        ("", "startTime"),
        ("startTime=1718000000", "endTime"),
        ("startTime=today&endTime=1718000000", "2024-05-01T00:00:00Z"),
        ("startTime=1718000001&endTime=1718000000", "must not be after"),
    ] {
        let reply = get(&rig, &format!("/violation-events?{query}")).await;
        reply.is_error(400, "InvalidRequestException", words);
    }
    // An unknown profile is an empty list here: the operation has no such error.
    let target = "/violation-events?startTime=0&endTime=1718000001&securityProfileName=none";
    assert_eq!(get(&rig, target).await.json(), json!({"violationEvents": []}));
}

#[tokio::test]
async fn a_verification_is_shown_wherever_its_violation_is() {
    let rig = rig().await;
    let put = |id: String, body: Value| {
        Ask::post(&format!("/violations/verification-state/{id}"), body.to_string())
    };
    let id = format!("{:032x}", 3);
    let body = json!({"verificationState": "FALSE_POSITIVE",
                      "verificationStateDescription": "test rig"});
    let reply = rig.admin("iot", put(id.clone(), body.clone())).await;
    assert_eq!((reply.status.as_u16(), reply.text.as_str()), (200, "{}"));
    let found = get(&rig, "/active-violations?verificationState=FALSE_POSITIVE").await;
    let found = &found.json()["activeViolations"][0];
    assert_eq!(found["verificationStateDescription"], "test rig");
    let by = rig.alarms.active.lock().unwrap()[2].verification.by.clone();
    assert_eq!(by.as_deref(), Some("admin"));
    for (id, body, words) in [
        (format!("{:032x}", 99), body.clone(), "not found"),
        (id.clone(), json!({"verificationState": "MAYBE"}), "TRUE_POSITIVE"),
        (id.clone(), json!({}), "verificationState"),
    ] {
        let reply = rig.admin("iot", put(id, body)).await;
        reply.is_error(400, "InvalidRequestException", words);
    }
    let reply = rig.viewer("iot", put(id, body)).await;
    assert_eq!(reply.status.as_u16(), 403);
    let get_it = Ask::new(Method::GET, "/violations/verification-state/1");
    assert_eq!(rig.admin("iot", get_it).await.status.as_u16(), 404);
}
