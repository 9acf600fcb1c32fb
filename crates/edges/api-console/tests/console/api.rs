//! Things, alarms, profiles and the overview.

use std::time::Duration;

use picket_ports::alarms::{ViolationEvent, ViolationEventType};
use picket_ports::registry::{DocumentKind, Documents as _};
use serde_json::{Value, json};

use crate::rig::{NOW, Rig, violation};

fn names(list: &Value) -> Vec<&str> {
    list["things"].as_array().unwrap().iter().map(|thing| thing["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn things_come_in_pages_and_by_prefix() {
    let rig = Rig::start(|_| {}).await;
    for name in ["cam", "cam-1", "cam-2", "cam-3", "car-1"] {
        rig.add_thing(name).await;
    }
    let vera = rig.logged_in("vera").await;
    let first = vera.get("/api/v1/things?prefix=cam&limit=2").await.json();
    assert_eq!(names(&first), ["cam", "cam-1"]);
    let after = first["next"].as_str().unwrap();
    let second = vera.get(&format!("/api/v1/things?prefix=cam&limit=2&after={after}")).await.json();
    assert_eq!((names(&second), &second["next"]), (vec!["cam-2", "cam-3"], &Value::Null));
    assert_eq!(second["total"], json!(5));
    assert_eq!(
        names(&vera.get("/api/v1/things?prefix=%F0%9F%94%A5").await.json()),
        Vec::<&str>::new()
    );
    assert_eq!(vera.get("/api/v1/things?limit=100000").await.status, 400);
    assert_eq!(vera.get("/api/v1/things?colour=red").await.status, 400);
}

#[tokio::test]
async fn a_thing_is_created_once_and_its_key_is_in_the_answer() {
    let rig = Rig::start(|_| {}).await;
    let admin = rig.logged_in("admin").await;
    let made = admin.post("/api/v1/things", &json!({"name": "new-1"})).await;
    assert_eq!(made.status, 201);
    assert!(made.json()["private_key_pem"].as_str().unwrap().contains("PRIVATE KEY"));
    let again = admin.post("/api/v1/things", &json!({"name": "new-1"})).await;
    assert_eq!((again.status, again.error_code().as_str()), (409, "already_exists"));
    let bad = admin.post("/api/v1/things", &json!({"name": "a b"})).await;
    assert_eq!((bad.status, bad.error_code().as_str()), (400, "invalid"));
    let group = admin.post("/api/v1/things", &json!({"name": "new-2", "group": "none"})).await;
    assert_eq!((group.status, group.error_code().as_str()), (404, "not_found"));
}

#[tokio::test]
async fn a_things_page_has_its_alarms_and_one_that_only_reports_is_said_to_be_unregistered() {
    let rig = Rig::start(|_| {}).await;
    rig.add_thing("cam-1").await;
    let stray = r#"a"b/ü"#;
    rig.alarms.active.lock().unwrap().extend([violation("01", "cam-1"), violation("02", stray)]);
    let vera = rig.logged_in("vera").await;
    let thing = vera.get("/api/v1/things/cam-1").await.json();
    assert_eq!((&thing["registered"], &thing["alarms"][0]["id"]), (&json!(true), &json!("01")));
    let thing = vera.get("/api/v1/things/a%22b%2F%C3%BC").await.json();
    assert_eq!(thing["registered"], json!(false));
    let spl = thing["alarms"][0]["evidence"]["spl"].as_str().unwrap();
    assert!(spl.contains(r#"where thing="a\"b/ü" AND name="aws:listening-tcp-ports""#), "{spl}");
    assert_eq!(vera.get("/api/v1/things/unknown").await.status, 404);
    assert_eq!(vera.get("/api/v1/things/a%0Ab").await.status, 404);
}

#[tokio::test]
async fn a_things_charts_ask_the_engine_with_the_name_quoted() {
    let rig = Rig::start(|_| {}).await;
    let vera = rig.logged_in("vera").await;
    let answer = vera.get("/api/v1/things/a%22%20OR%20x/metrics?earliest=-24h").await;
    assert_eq!(answer.status, 200);
    let asked = rig.search.asked.lock().unwrap().clone();
    assert_eq!(asked.len(), 2);
    for request in &asked {
        assert!(request.spl.contains(r#"where thing="a\" OR x""#), "{}", request.spl);
        assert_eq!(request.earliest.as_deref(), Some("-24h"));
    }
    assert!(asked[0].spl.contains("timechart span=5m"));
    assert_eq!(vera.get("/api/v1/things/a/metrics?earliest=-99y").await.status, 400);
}

#[tokio::test]
async fn alarms_are_listed_by_state_thing_and_number() {
    let rig = Rig::start(|_| {}).await;
    rig.alarms.active.lock().unwrap().extend([violation("01", "a"), violation("02", "b")]);
    let mut ended = violation("03", "a");
    ended.ended = Some(NOW);
    let event = |event| ViolationEvent { violation: ended.clone(), event, time: NOW, value: None };
    rig.alarms
        .history
        .lock()
        .unwrap()
        .extend([event(ViolationEventType::AlarmCleared), event(ViolationEventType::InAlarm)]);
    let vera = rig.logged_in("vera").await;
    let ids = |answer: Value| -> Vec<String> {
        let alarms = answer["alarms"].as_array().unwrap().clone();
        alarms.iter().map(|alarm| alarm["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(vera.get("/api/v1/alarms").await.json()), ["01", "02"]);
    assert_eq!(ids(vera.get("/api/v1/alarms?state=cleared").await.json()), ["03"]);
    assert_eq!(ids(vera.get("/api/v1/alarms?state=all&thing=a").await.json()), ["01", "03"]);
    let cut = vera.get("/api/v1/alarms?limit=1").await.json();
    assert_eq!((&cut["truncated"], &cut["active"]), (&json!(true), &json!(2)));
    assert_eq!(vera.get("/api/v1/alarms?state=odd").await.status, 400);
}

#[tokio::test]
async fn profiles_are_shown_as_they_are_stored() {
    let rig = Rig::start(|_| {}).await;
    let kind = DocumentKind::SecurityProfile;
    rig.registry.create_document(kind, "base", r#"{"behaviors":[]}"#, NOW).await.unwrap();
    let vera = rig.logged_in("vera").await;
    let list = vera.get("/api/v1/profiles").await.json();
    assert_eq!(list["profiles"][0]["document"], json!({"behaviors": []}));
    assert_eq!(vera.get("/api/v1/profiles/base").await.json()["version"], json!(1));
    assert_eq!(vera.get("/api/v1/profiles/none").await.status, 404);
}

#[tokio::test]
async fn the_overview_counts_and_rates_what_the_stages_book() {
    let rig = Rig::start(|_| {}).await;
    rig.add_thing("cam-1").await;
    rig.alarms.active.lock().unwrap().push(violation("01", "cam-1"));
    let vera = rig.logged_in("vera").await;
    let (reports, _) = &rig.pipeline.stages[1];
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    loop {
        reports.received(50);
        rig.clock.advance(Duration::from_millis(250));
        let overview = vera.get("/api/v1/overview").await.json();
        let rate = overview["reports_per_second"].as_f64().unwrap();
        if rate > 0.0 && overview["things"] == json!(1) {
            assert_eq!(overview["active_alarms"], json!(1));
            assert_eq!(overview["stages"][1]["ledger"]["stage"], json!("reports"));
            assert!(overview["stages"][1]["backlog"].as_u64().unwrap() > 0);
            break;
        }
        assert!(tokio::time::Instant::now() < deadline, "{overview}");
        tokio::task::yield_now().await;
    }
    assert_eq!(vera.get("/api/v1/pipeline").await.json()["stages"].as_array().unwrap().len(), 8);
}
