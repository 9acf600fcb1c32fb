//! The audit trail of what is changed by the console, and who may change it.

use picket_api_console::Role;
use picket_api_console::access::{Access, ROUTES};
use serde_json::{Value, json};

use crate::rig::{NOW, Rig};

/// The newest records as `actor operation resource outcome`.
fn lines(list: &Value) -> Vec<String> {
    let line = |record: &Value| {
        let text = |member: &str| record[member].as_str().unwrap_or("done").to_owned();
        ["actor", "operation", "resource", "error"].map(text).join(" ")
    };
    list["changes"].as_array().unwrap().iter().map(line).collect()
}

#[tokio::test]
async fn every_change_is_recorded_with_who_what_and_what_came_of_it() {
    let rig = Rig::start(|_| {}).await;
    let admin = rig.logged_in("admin").await;
    admin.post("/api/v1/groups", &json!({"name": "ward"})).await;
    admin.post("/api/v1/groups", &json!({"name": "ward", "description": "other"})).await;
    let made = admin.post("/api/v1/things", &json!({"name": "pump-17"})).await.json();
    admin.send("PUT", "/api/v1/groups/ward/things/pump-17", None).await;
    let id = made["certificate_id"].as_str().unwrap();
    admin.patch(&format!("/api/v1/certificates/{id}"), &json!({"status": "REVOKED"})).await;
    let hello = json!({"topic": "a/b", "payload": "secret words", "qos": 1});
    admin.post("/api/v1/mqtt/messages", &hello).await;
    admin.delete("/api/v1/things/none").await;
    // Looking is no change, and checking a document neither.
    admin.get("/api/v1/things").await;
    admin.post("/api/v1/policy-check", &json!({"document": "{}"})).await;
    let answer = admin.get("/api/v1/changes").await;
    assert_eq!(
        lines(&answer.json()),
        [
            "admin DeleteThing thing/none 404",
            "admin Publish topic/a/b done",
            &format!("admin UpdateCertificate cert/{id} done"),
            "admin AddThingToThingGroup thinggroup/ward/things/pump-17 done",
            "admin CreateThing thing/pump-17 done",
            "admin CreateThingGroup thinggroup 409",
            "admin CreateThingGroup thinggroup/ward done",
        ]
    );
    let newest = &answer.json()["changes"][0];
    assert_eq!((&newest["service"], &newest["at_ms"]), (&json!("console"), &json!(NOW)));
    assert!(newest["source"].as_str().unwrap().starts_with("127.0.0.1:"));
    assert!(!answer.body.contains("PRIVATE KEY") && !answer.body.contains("secret words"));
}

#[tokio::test]
async fn the_trail_is_searched_by_operation_and_resource_and_comes_in_pages() {
    let rig = Rig::start(|_| {}).await;
    let admin = rig.logged_in("admin").await;
    for name in ["ward-1", "ward-2", "hall"] {
        admin.post("/api/v1/groups", &json!({"name": name})).await;
    }
    admin.delete("/api/v1/groups/hall").await;
    let found = admin.get("/api/v1/changes?resource=thinggroup/ward").await.json();
    assert_eq!(lines(&found).len(), 2);
    let found = admin.get("/api/v1/changes?operation=DeleteThingGroup").await.json();
    assert_eq!(lines(&found), ["admin DeleteThingGroup thinggroup/hall done"]);
    assert!(lines(&admin.get("/api/v1/changes?actor=ana").await.json()).is_empty());
    let first = admin.get("/api/v1/changes?limit=3").await.json();
    let after = first["next"].as_str().unwrap();
    let second = admin.get(&format!("/api/v1/changes?limit=3&after={after}")).await.json();
    assert_eq!(lines(&second), ["admin CreateThingGroup thinggroup/ward-1 done"]);
    assert_eq!(admin.get("/api/v1/changes?limit=0").await.status, 400);
}

#[tokio::test]
async fn only_those_with_the_role_get_through_and_the_others_change_nothing() {
    let rig = Rig::start(|_| {}).await;
    let vera = rig.logged_in("vera").await;
    let ana = rig.logged_in("ana").await;
    for route in ROUTES {
        let path = route.path.replace(['{', '}'], "");
        let asks = async |client: &crate::client::Client| {
            client.send(route.method.as_str(), &path, Some("[]")).await
        };
        let refused = match route.access {
            Access::AtLeast(Role::Admin) => [asks(&vera).await, asks(&ana).await].into(),
            Access::AtLeast(Role::Analyst) => vec![asks(&vera).await],
            Access::AtLeast(Role::Viewer) | Access::Open => Vec::new(),
        };
        for answer in refused {
            assert_eq!(answer.status, 403, "{} {path}: {}", route.method, answer.body);
            assert_eq!(answer.error_code(), "forbidden");
        }
    }
    let admin = rig.logged_in("admin").await;
    assert!(lines(&admin.get("/api/v1/changes").await.json()).is_empty());
}
