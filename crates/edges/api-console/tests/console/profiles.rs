//! Security profiles, custom metrics and dimensions, over the real control plane.

use picket_core::Timestamp;
use picket_ports::registry::AuditTrail as _;
use picket_ports::registry::{ChangeFilter, DocumentKind, Documents as _, Page};
use serde_json::{Value, json};

use crate::rig::{Rig, violation};

const ALL: &str = "arn:aws:iot:us-east-1:000000000000:all/things";

fn document(ports: &[u16]) -> Value {
    json!({ "behaviors": [{
        "name": "Ports",
        "metric": "aws:listening-tcp-ports",
        "criteria": { "comparisonOperator": "in-port-set", "value": { "ports": ports } },
    }]})
}

#[tokio::test]
async fn a_profile_is_made_replaced_attached_and_deleted_and_the_trail_says_so() {
    let rig = Rig::start(|_| {}).await;
    let admin = rig.logged_in("admin").await;
    let body = json!({ "name": "p", "document": document(&[22]) });
    let made = admin.post("/api/v1/profiles", &body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!(made.json()["document"], document(&[22]));
    assert_eq!((&made.json()["version"], &made.json()["targets"]), (&json!(1), &json!([])));
    assert_eq!(admin.post("/api/v1/profiles", &body).await.status, 409);

    let put = async |expected: u64| {
        let body = json!({ "document": document(&[80]), "expected_version": expected });
        admin.send("PUT", "/api/v1/profiles/p", Some(&body.to_string())).await
    };
    let replaced = put(1).await;
    assert_eq!((replaced.status, &replaced.json()["version"]), (200, &json!(2)));
    assert_eq!(replaced.json()["document"], document(&[80]));
    let stale = put(1).await;
    assert_eq!((stale.status, stale.error_code().as_str()), (409, "conflict"));

    let target =
        "/api/v1/profiles/p/targets?arn=arn%3Aaws%3Aiot%3Aus-east-1%3A000000000000%3Aall%2Fthings";
    assert_eq!(admin.send("PUT", target, None).await.status, 204);
    let shown = admin.get("/api/v1/profiles/p").await.json();
    assert_eq!((&shown["targets"], &shown["version"]), (&json!([ALL]), &json!(2)));
    assert_eq!(admin.send("PUT", "/api/v1/profiles/p/targets?arn=x", None).await.status, 400);
    assert_eq!(admin.send("PUT", "/api/v1/profiles/p/targets", None).await.status, 400);
    let nobody = target.replace("all%2Fthings", "thinggroup%2Fnone");
    assert_eq!(admin.send("PUT", &nobody, None).await.status, 404);
    assert_eq!(admin.delete(target).await.status, 204);
    assert_eq!(admin.get("/api/v1/profiles/p").await.json()["targets"], json!([]));
    assert_eq!(admin.delete("/api/v1/profiles/p").await.status, 204);
    assert_eq!(admin.delete("/api/v1/profiles/p").await.status, 404);

    let filter = ChangeFilter::default();
    let page = Page::first(100);
    let records = rig.registry.recorded_changes(&filter, &page).await.unwrap().rows;
    let done: Vec<(&str, &str)> = records
        .iter()
        .filter(|record| record.error.is_none())
        .map(|record| (record.operation.as_str(), record.resource.as_str()))
        .collect();
    for expected in [
        ("CreateSecurityProfile", "securityprofile/p"),
        ("UpdateSecurityProfile", "securityprofile/p"),
        ("AttachSecurityProfile", &format!("securityprofile/p {ALL}")),
        ("DetachSecurityProfile", &format!("securityprofile/p {ALL}")),
        ("DeleteSecurityProfile", "securityprofile/p"),
    ] {
        assert!(done.contains(&expected), "{expected:?}: {done:?}");
    }
}

#[tokio::test]
async fn a_draft_is_checked_with_the_place_of_each_problem_and_stored_nowhere() {
    let rig = Rig::start(|_| {}).await;
    let vera = rig.logged_in("vera").await;
    let check = async |document: Value| {
        let body = json!({ "document": document });
        vera.post("/api/v1/profile-check", &body).await.json()
    };
    assert_eq!(check(document(&[1])).await, json!({ "valid": true, "problems": [] }));
    let mut bad = document(&[1]);
    bad["behaviors"][0]["criteria"]["comparisonOperator"] = json!("in-port-sets");
    bad["targets"] = json!([ALL]);
    let answer = check(bad).await;
    assert_eq!(answer["valid"], json!(false));
    let paths: Vec<&str> = answer["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|problem| problem["path"].as_str().unwrap())
        .collect();
    assert_eq!(paths, ["targets", "behaviors[0].criteria.comparisonOperator"]);
    let answer = check(json!([])).await;
    assert_eq!(answer["problems"], json!([{ "path": "", "problem": "must be an object" }]));
    let named = json!({ "name": "a b", "document": {} });
    let answer = vera.post("/api/v1/profile-check", &named).await.json();
    assert_eq!(answer["problems"][0]["path"], json!("securityProfileName"));
    assert_eq!(vera.get("/api/v1/profiles").await.json()["profiles"], json!([]));
}

#[tokio::test]
async fn a_document_with_problems_is_refused_in_words_that_name_the_behavior() {
    let rig = Rig::start(|_| {}).await;
    let admin = rig.logged_in("admin").await;
    let mut bad = document(&[1]);
    bad["behaviors"][0]["metric"] = json!("aws:listening-tcp-port");
    let refused = admin.post("/api/v1/profiles", &json!({ "name": "p", "document": bad })).await;
    assert_eq!((refused.status, refused.error_code().as_str()), (400, "invalid"));
    assert!(refused.body.contains("Behavior Ports is malformed. metric"), "{}", refused.body);
    let refused = admin.post("/api/v1/profiles", &json!({ "name": "p", "document": [] })).await;
    assert_eq!(refused.status, 400);
}

#[tokio::test]
async fn profiles_are_listed_with_their_alarms_and_why_they_are_not_in_force() {
    let rig = Rig::start(|_| {}).await;
    let body = json!({ "behaviors": [{ "name": "x", "metric": "gone" }], "targets": [ALL] });
    let (kind, now) = (DocumentKind::SecurityProfile, Timestamp::from_millis(1));
    rig.registry.create_document(kind, "broken", &body.to_string(), now).await.unwrap();
    let name = violation("01", "cam-1").profile;
    rig.registry.create_document(kind, &name, "{}", now).await.unwrap();
    rig.alarms.active.lock().unwrap().extend([violation("01", "cam-1"), violation("02", "cam-2")]);
    let vera = rig.logged_in("vera").await;
    let list = vera.get("/api/v1/profiles").await.json();
    let find = |name: &str| {
        let all = list["profiles"].as_array().unwrap();
        all.iter().find(|it| it["name"] == json!(name)).unwrap().clone()
    };
    assert_eq!(find("broken")["problems"][0]["path"], json!("behaviors[0].metric"));
    assert_eq!(find("broken")["targets"], json!([ALL]));
    assert_eq!((&find(&name)["active_alarms"], &find(&name)["problems"]), (&json!(2), &json!([])));
    assert_eq!(vera.get(&format!("/api/v1/profiles/{name}")).await.json(), find(&name));
}

#[tokio::test]
async fn the_catalogue_holds_every_metric_with_what_fits_it() {
    let rig = Rig::start(|_| {}).await;
    let admin = rig.logged_in("admin").await;
    let metric = json!({ "name": "heat", "type": "number", "display_name": "Heat" });
    assert_eq!(admin.post("/api/v1/custom-metrics", &metric).await.status, 201);
    let catalogue = admin.get("/api/v1/metric-catalogue").await.json();
    let metrics = catalogue["metrics"].as_array().unwrap();
    let find = |name: &str| metrics.iter().find(|it| it["name"] == json!(name)).unwrap().clone();
    assert!(metrics.len() > picket_profile::metrics::ALL.len());
    let ports = find("aws:listening-tcp-ports");
    assert_eq!(ports["operators"], json!(["in-port-set", "not-in-port-set"]));
    assert_eq!((&ports["kind"], &ports["period"]), (&json!("ports"), &json!("forbidden")));
    let sent = find("aws:num-messages-sent");
    assert_eq!((&sent["side"], &sent["dimension"]), (&json!("cloud"), &json!(true)));
    assert_eq!((&sent["period"], &sent["statistical"]), (&json!("required"), &json!(true)));
    let heat = find("heat");
    assert_eq!((&heat["custom"], &heat["doc"]), (&json!(true), &json!("Heat")));
    assert_eq!((&heat["kind"], &heat["period"]), (&json!("number"), &json!("optional")));
    assert_eq!(catalogue["durations"], json!([300, 600, 900, 1800, 3600]));
    assert_eq!(catalogue["statistics"].as_array().unwrap().len(), 11);
}

#[tokio::test]
async fn custom_metrics_and_dimensions_are_made_used_and_deleted() {
    let rig = Rig::start(|_| {}).await;
    let admin = rig.logged_in("admin").await;
    let metric = json!({ "name": "heat", "type": "number" });
    assert_eq!(admin.post("/api/v1/custom-metrics", &metric).await.status, 201);
    assert_eq!(admin.post("/api/v1/custom-metrics", &metric).await.status, 409);
    let odd = json!({ "name": "x", "type": "text" });
    assert_eq!(admin.post("/api/v1/custom-metrics", &odd).await.status, 400);
    let listed = admin.get("/api/v1/custom-metrics").await.json();
    assert_eq!(listed["metrics"][0]["name"], json!("heat"));
    assert_eq!(listed["metrics"][0]["display_name"], json!(null));
    for shown in [json!("Heat in C"), json!(null)] {
        let body = json!({ "display_name": shown }).to_string();
        let renamed = admin.send("PUT", "/api/v1/custom-metrics/heat", Some(&body)).await;
        assert_eq!((renamed.status, &renamed.json()["display_name"]), (200, &shown));
        assert_eq!(admin.send("PUT", "/api/v1/custom-metrics/none", Some(&body)).await.status, 404);
    }

    let dimension = json!({ "name": "topics", "values": ["dt/#"] });
    assert_eq!(admin.post("/api/v1/dimensions", &dimension).await.status, 201);
    assert_eq!(admin.post("/api/v1/dimensions", &dimension).await.status, 409);
    let values = json!({ "values": ["dt/+"] }).to_string();
    let replaced = admin.send("PUT", "/api/v1/dimensions/topics", Some(&values)).await;
    assert_eq!(replaced.json(), json!({ "name": "topics", "values": ["dt/+"] }));
    assert_eq!(admin.send("PUT", "/api/v1/dimensions/none", Some(&values)).await.status, 404);

    let document = json!({ "additionalMetricsToRetainV2": [
        { "metric": "heat" },
        { "metric": "aws:num-messages-sent", "metricDimension": { "dimensionName": "topics" } },
    ]});
    let profile = json!({ "name": "p", "document": document });
    assert_eq!(admin.post("/api/v1/profiles", &profile).await.status, 201);
    for path in ["/api/v1/custom-metrics/heat", "/api/v1/dimensions/topics"] {
        let refused = admin.delete(path).await;
        assert_eq!(refused.status, 400);
        assert!(refused.body.contains("used by security profile p"), "{}", refused.body);
    }
    assert_eq!(admin.delete("/api/v1/profiles/p").await.status, 204);
    for path in ["/api/v1/custom-metrics/heat", "/api/v1/dimensions/topics"] {
        assert_eq!(admin.delete(path).await.status, 204);
        assert_eq!(admin.delete(path).await.status, 404);
    }
}

#[tokio::test]
async fn only_admins_change_profiles() {
    let rig = Rig::start(|_| {}).await;
    let ana = rig.logged_in("ana").await;
    let body = json!({ "name": "p", "document": {} });
    assert_eq!(ana.post("/api/v1/profiles", &body).await.status, 403);
    assert_eq!(ana.delete("/api/v1/profiles/p").await.status, 403);
    let metric = json!({ "name": "heat", "type": "number" });
    assert_eq!(ana.post("/api/v1/custom-metrics", &metric).await.status, 403);
    assert_eq!(ana.get("/api/v1/metric-catalogue").await.status, 200);
}
