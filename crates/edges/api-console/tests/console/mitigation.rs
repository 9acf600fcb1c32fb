//! Actions, plans and tasks, over the real control plane.

use std::time::{Duration, Instant};

use picket_core::ThingName;
use picket_ports::registry::Groups as _;
use serde_json::{Value, json};

use crate::client::Client;
use crate::rig::{Rig, violation};

async fn action(admin: &Client, name: &str, params: Value) {
    let new = json!({"name": name, "params": params});
    let made = admin.post("/api/v1/mitigation-actions", &new).await;
    assert_eq!(made.status, 201, "{}", made.body);
}

/// A rig with an alarm `01` of the enrolled thing `cam-1`, one of a stranger, and three actions.
async fn rig() -> (Rig, Client, String) {
    let rig = Rig::start(|_| {}).await;
    rig.alarms.active.lock().unwrap().extend([violation("01", "cam-1"), violation("02", "ghost")]);
    let admin = rig.logged_in("admin").await;
    let made = admin.post("/api/v1/things", &json!({"name": "cam-1"})).await.json();
    let certificate = made["certificate_id"].as_str().unwrap().to_owned();
    let group = json!({"name": "quarantine"});
    assert_eq!(admin.post("/api/v1/groups", &group).await.status, 201);
    let quarantine = json!({"addThingsToThingGroupParams": {"thingGroupNames": ["quarantine"]}});
    action(&admin, "isolate", quarantine).await;
    let off = json!({"updateDeviceCertificateParams": {"action": "DEACTIVATE"}});
    action(&admin, "off", off).await;
    let nowhere = json!({"addThingsToThingGroupParams": {"thingGroupNames": ["nowhere"]}});
    action(&admin, "lost", nowhere).await;
    (rig, admin, certificate)
}

/// The detail of a task once it is over.
async fn over(client: &Client, id: &str) -> Value {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let detail = client.get(&format!("/api/v1/mitigation-tasks/{id}")).await.json();
        if !detail["task"]["ended_ms"].is_null() {
            return detail;
        }
        assert!(Instant::now() < deadline, "{detail}");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn actions_are_made_changed_listed_and_deleted() {
    let (rig, admin, _) = rig().await;
    let listed = admin.get("/api/v1/mitigation-actions").await.json();
    let names: Vec<_> =
        listed["actions"].as_array().unwrap().iter().map(|it| &it["name"]).collect();
    assert_eq!(names, ["isolate", "lost", "off"]);
    let first = &listed["actions"][0];
    assert_eq!(first["type"], "ADD_THINGS_TO_THING_GROUP");
    assert_eq!(first["role_arn"], "arn:aws:iam::000000000000:role/picket-mitigation");
    let blank = json!({"replaceDefaultPolicyVersionParams": {"templateName": "BLANK_POLICY"}});
    let path = "/api/v1/mitigation-actions/lost";
    let body = json!({"params": blank}).to_string();
    let changed = admin.send("PUT", path, Some(&body)).await;
    assert_eq!((changed.status, &changed.json()["params"]), (200, &blank));
    let odd = json!({"name": "x", "params": {"updateCaCertificateParams": {}}});
    let refused = admin.post("/api/v1/mitigation-actions", &odd).await;
    assert_eq!(refused.status, 400);
    assert!(refused.body.contains("did you mean `updateCACertificateParams`?"), "{}", refused.body);
    let taken = json!({"name": "off", "params": blank});
    let refused = admin.post("/api/v1/mitigation-actions", &taken).await;
    assert_eq!((refused.status, refused.error_code().as_str()), (409, "already_exists"));
    assert_eq!(admin.delete(path).await.status, 204);
    assert_eq!(admin.send("PUT", path, Some(&body)).await.status, 404);
    assert!(rig.stop().await);
}

#[tokio::test]
async fn a_plan_is_for_analysts_and_changes_nothing_until_an_administrator_starts_it() {
    let (rig, admin, certificate) = rig().await;
    let asked = json!({"violation_ids": ["01", "02"], "actions": ["off", "isolate"]});
    let ana = rig.logged_in("ana").await;
    let planned = ana.post("/api/v1/mitigation-plan", &asked).await;
    assert_eq!(planned.status, 200, "{}", planned.body);
    let steps = planned.json()["steps"].clone();
    let off = json!({
        "violation_id": "01", "thing": "cam-1", "action": "off",
        "type": "UPDATE_DEVICE_CERTIFICATE",
        "changes": [{
            "operation": "UpdateCertificate", "resource": format!("certificate {certificate}"),
            "before": "ACTIVE", "after": "INACTIVE", "is_done": false,
        }],
        "error": null,
    });
    assert_eq!(steps[0], off);
    assert_eq!(steps[1]["changes"][0]["before"], "not in quarantine");
    assert_eq!(steps[2]["error"], "thing ghost is not registered");
    let path = format!("/api/v1/certificates/{certificate}");
    assert_eq!(admin.get(&path).await.json()["status"], "ACTIVE");

    assert_eq!(ana.post("/api/v1/mitigation-tasks", &asked).await.status, 403);
    let vera = rig.logged_in("vera").await;
    assert_eq!(vera.post("/api/v1/mitigation-plan", &asked).await.status, 403);
    let mut approved = asked.clone();
    approved["note"] = json!("port 21 is open");
    let started = admin.post("/api/v1/mitigation-tasks", &approved).await;
    assert_eq!(started.status, 201, "{}", started.body);
    let id = started.json()["task_id"].as_str().unwrap().to_owned();
    let detail = over(&vera, &id).await;
    assert_eq!(detail["task"]["status"], "SUCCESSFUL");
    assert_eq!(detail["task"]["by"], "admin");
    assert_eq!(detail["task"]["note"], "port 21 is open");
    assert_eq!(detail["task"]["actions"], json!(["off", "isolate"]));
    let counts = ["executed", "skipped", "failed"].map(|it| detail["task"][it].as_u64().unwrap());
    assert_eq!(counts, [2, 2, 0]);
    let executions = detail["executions"].as_array().unwrap();
    assert_eq!(executions.len(), 4);
    assert_eq!(executions[0]["status"], "SUCCESSFUL");
    assert_eq!(executions[0]["changes"][0]["after"], "INACTIVE");
    assert_eq!(executions[3]["status"], "SKIPPED");
    assert_eq!(executions[3]["message"], "thing ghost is not registered");
    assert_eq!(admin.get(&path).await.json()["status"], "INACTIVE");
    let name = ThingName::new("cam-1").unwrap();
    let groups = rig.registry.groups_of_thing(&name).await.unwrap();
    assert!(groups.contains(&"quarantine".to_owned()), "{groups:?}");
    let listed = vera.get("/api/v1/mitigation-tasks").await.json();
    assert_eq!(listed["tasks"][0], detail["task"]);
    // The alarm knows what was done about it.
    let alarm = vera.get("/api/v1/alarms/01").await.json();
    let done = alarm["mitigations"].as_array().unwrap();
    let first = ["task_id", "action", "status"].map(|it| done[0][it].as_str().unwrap());
    assert_eq!((done.len(), first), (2, [id.as_str(), "off", "SUCCESSFUL"]));
    let changes =
        admin.get("/api/v1/changes?operation=StartDetectMitigationActionsTask").await.json();
    assert!(changes["changes"].as_array().unwrap().iter().any(|change| {
        change["resource"] == format!("mitigationtask/{id}") && change["actor"] == "admin"
    }));
    assert!(rig.stop().await);
}

#[tokio::test]
async fn what_fails_is_told_and_a_task_that_is_over_cannot_be_canceled() {
    let (rig, admin, _) = rig().await;
    let asked = json!({"violation_ids": ["01"], "actions": ["lost", "off"]});
    let started = admin.post("/api/v1/mitigation-tasks", &asked).await.json();
    let id = started["task_id"].as_str().unwrap();
    let detail = over(&admin, id).await;
    assert_eq!(detail["task"]["status"], "FAILED");
    assert_eq!(detail["executions"][0]["error_code"], "ResourceNotFoundException");
    assert_eq!(detail["executions"][0]["message"], "thing group nowhere not found");
    assert_eq!(detail["executions"][1]["status"], "SKIPPED");
    let cancel = |id: &str| format!("/api/v1/mitigation-tasks/{id}/cancel");
    assert_eq!(admin.send("POST", &cancel(id), None).await.status, 400);
    assert_eq!(admin.send("POST", &cancel("none"), None).await.status, 404);
    for odd in [
        json!({"violation_ids": ["77"], "actions": ["off"]}),
        json!({"violation_ids": [], "actions": ["off"]}),
        json!({"violation_ids": ["01"], "actions": ["of"]}),
        json!({"violation_ids": ["01"], "actions": ["off"], "force": true}),
    ] {
        for path in ["/api/v1/mitigation-plan", "/api/v1/mitigation-tasks"] {
            assert_eq!(admin.post(path, &odd).await.status, 400, "{odd}");
        }
    }
    assert!(rig.stop().await);
}
