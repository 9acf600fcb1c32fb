//! Alarms: filters, one alarm's history, and saying what they were found to be.

use picket_core::MetricValue;
use picket_ports::alarms::{ViolationEvent, ViolationEventType};
use serde_json::{Value, json};

use crate::rig::{NOW, Rig, violation};

fn ids(answer: &Value) -> Vec<String> {
    let alarms = answer["alarms"].as_array().unwrap();
    alarms.iter().map(|alarm| alarm["id"].as_str().unwrap().to_owned()).collect()
}

/// Two active alarms, and one that was cleared.
async fn rig() -> Rig {
    let rig = Rig::start(|_| {}).await;
    let mut muted = violation("02", "b");
    (muted.suppressed, muted.behavior) = (true, "bytes-out".to_owned());
    rig.alarms.active.lock().unwrap().extend([violation("01", "a"), muted]);
    let mut ended = violation("03", "a");
    let raised = ViolationEvent {
        violation: ended.clone(),
        event: ViolationEventType::InAlarm,
        time: NOW,
        value: Some(MetricValue::Ports(vec![21])),
    };
    ended.ended = Some(NOW);
    let event = ViolationEventType::AlarmCleared;
    let cleared = ViolationEvent { violation: ended, event, ..raised.clone() };
    rig.alarms.history.lock().unwrap().extend([cleared, raised]);
    rig
}

#[tokio::test]
async fn alarms_are_filtered_by_behavior_by_mute_and_by_what_they_were_found_to_be() {
    let rig = rig().await;
    let ana = rig.logged_in("ana").await;
    let list = |query: &str| {
        let path = format!("/api/v1/alarms?{query}");
        let ana = ana.clone();
        async move { ids(&ana.get(&path).await.json()) }
    };
    assert_eq!(list("behavior=bytes-out").await, ["02"]);
    assert_eq!(list("suppressed=false&state=all").await, ["01", "03"]);
    let found = json!({"state": "FALSE_POSITIVE", "description": "test rig"});
    assert_eq!(ana.put("/api/v1/alarms/03/verification", &found).await.status, 200);
    assert_eq!(list("state=all&verification=FALSE_POSITIVE").await, ["03"]);
    assert_eq!(list("state=all&verification=UNKNOWN").await, ["01", "02"]);
    assert_eq!(ana.get("/api/v1/alarms?verification=MAYBE").await.status, 400);
}

#[tokio::test]
async fn one_alarm_has_its_events_and_the_datapoints_that_raised_it() {
    let rig = rig().await;
    let vera = rig.logged_in("vera").await;
    let detail = vera.get("/api/v1/alarms/03").await.json();
    assert_eq!(detail["alarm"]["state"], json!("cleared"));
    let kinds: Vec<&Value> =
        detail["events"].as_array().unwrap().iter().map(|event| &event["event"]).collect();
    assert_eq!(kinds, [&json!("in-alarm"), &json!("alarm-cleared")]);
    assert_eq!(detail["alarm"]["datapoints"][0]["trace"], json!("reports/0/1"));
    assert_eq!(detail["alarm"]["definition"]["criteria"]["value"], json!({"ports": [22, 8883]}));
    assert_eq!(vera.get("/api/v1/alarms/01").await.json()["alarm"]["state"], json!("active"));
    assert_eq!(vera.get("/api/v1/alarms/99").await.status, 404);
}

#[tokio::test]
async fn a_verification_names_who_gave_it_and_stands_in_the_audit_trail() {
    let rig = rig().await;
    let found = json!({"state": "TRUE_POSITIVE", "description": "ftp was opened"});
    let vera = rig.logged_in("vera").await;
    assert_eq!(vera.put("/api/v1/alarms/01/verification", &found).await.status, 403);
    let ana = rig.logged_in("ana").await;
    let answer = ana.put("/api/v1/alarms/01/verification", &found).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let said = &answer.json()["verification"];
    assert_eq!((&said["state"], &said["by"]), (&json!("TRUE_POSITIVE"), &json!("ana")));
    assert_eq!(said["at_ms"], json!(NOW.as_millis()));
    assert_eq!(ana.put("/api/v1/alarms/99/verification", &found).await.status, 404);
    let wrong = json!({"state": "MAYBE"});
    assert_eq!(ana.put("/api/v1/alarms/01/verification", &wrong).await.status, 400);
    let admin = rig.logged_in("admin").await;
    let changes = admin.get("/api/v1/changes").await.json();
    let named: Vec<&Value> = changes["changes"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|change| change["operation"] == json!("PutVerificationStateOnViolation"))
        .map(|change| &change["resource"])
        .collect();
    assert!(named.contains(&&json!("violation/01")), "{changes}");
}

#[tokio::test]
async fn many_alarms_are_verified_at_once_each_by_itself_and_back_again() {
    let rig = rig().await;
    let ana = rig.logged_in("ana").await;
    let path = "/api/v1/alarm-verifications";
    let of = |id: &str, state: &str| json!({"id": id, "state": state});
    let body = json!({"verifications": [
        of("01", "BENIGN_POSITIVE"), of("99", "BENIGN_POSITIVE"), of("02", "BENIGN_POSITIVE")]});
    let results = ana.put(path, &body).await.json();
    assert_eq!(results["results"][0], json!({"id": "01", "error": null}));
    assert!(results["results"][1]["error"].as_str().unwrap().contains("not found"));
    let query = "/api/v1/alarms?verification=BENIGN_POSITIVE";
    assert_eq!(ids(&ana.get(query).await.json()), ["01", "02"]);
    let undo = json!({"verifications": [of("01", "UNKNOWN"), of("02", "UNKNOWN")]});
    assert_eq!(ana.put(path, &undo).await.status, 200);
    assert!(ids(&ana.get(query).await.json()).is_empty());
    let many: Vec<Value> = (0..101).map(|n| of(&n.to_string(), "UNKNOWN")).collect();
    for refused in [json!({"verifications": []}), json!({"verifications": many})] {
        assert_eq!(ana.put(path, &refused).await.status, 400);
    }
}
