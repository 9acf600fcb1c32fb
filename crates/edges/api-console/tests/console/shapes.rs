//! The OpenAPI document says what answers look like.

use picket_core::Timestamp;
use picket_ports::registry::{DocumentKind, Documents as _};
use serde_json::{Value, json};

use crate::authorities::request_pem;
use crate::client::Client;
use crate::rig::{Rig, violation};

/// Whether `value` has the shape the OpenAPI document gives it.
fn conforms(document: &Value, schema: &Value, value: &Value, path: &str) {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap();
        return conforms(document, &document["components"]["schemas"][name], value, path);
    }
    if let Some(choices) = schema["anyOf"].as_array() {
        if !value.is_null() {
            conforms(document, &choices[0], value, path);
        }
        return;
    }
    if let Some(items) = schema.get("items") {
        for (n, item) in value.as_array().unwrap_or_else(|| panic!("{path}")).iter().enumerate() {
            conforms(document, items, item, &format!("{path}[{n}]"));
        }
    }
    let Some(properties) = schema["properties"].as_object() else { return };
    let object = value.as_object().unwrap_or_else(|| panic!("{path} is {value}"));
    for name in schema["required"].as_array().unwrap() {
        assert!(object.contains_key(name.as_str().unwrap()), "{path} has no {name}");
    }
    for (name, member) in object {
        let schema =
            properties.get(name).unwrap_or_else(|| panic!("{path}.{name} is not described"));
        conforms(document, schema, member, &format!("{path}.{name}"));
    }
}

/// A rig in which every list has an entry; the id of its certificate; and an administrator.
async fn filled() -> (Rig, String, Client) {
    let rig = Rig::start(|_| {}).await;
    rig.alarms.active.lock().unwrap().push(violation("01", "cam-1"));
    crate::metrics::fill(&rig.history);
    let kind = DocumentKind::SecurityProfile;
    rig.registry.create_document(kind, "base", "{}", Timestamp::from_millis(0)).await.unwrap();
    let admin = rig.logged_in("admin").await;
    assert_eq!(admin.post("/api/v1/thing-types", &json!({"name": "cam"})).await.status, 201);
    let metric = json!({"name": "heat", "type": "number"});
    assert_eq!(admin.post("/api/v1/custom-metrics", &metric).await.status, 201);
    let dimension = json!({"name": "topics", "values": ["dt/#"]});
    assert_eq!(admin.post("/api/v1/dimensions", &dimension).await.status, 201);
    let topic = json!({"name": "alerts"});
    assert_eq!(admin.post("/api/v1/notification-topics", &topic).await.status, 201);
    let subscription = json!({"protocol": "mqtt", "endpoint": "alerts/all"});
    let subscriptions = "/api/v1/notification-topics/alerts/subscriptions";
    assert_eq!(admin.post(subscriptions, &subscription).await.status, 201);
    let action = json!({"name": "isolate", "params":
        {"addThingsToThingGroupParams": {"thingGroupNames": ["picket-fleet"]}}});
    assert_eq!(admin.post("/api/v1/mitigation-actions", &action).await.status, 201);
    let thing = json!({"name": "cam-1", "type_name": "cam", "attributes": {"site": "west"}});
    let made = admin.post("/api/v1/things", &thing).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let id = made.json()["certificate_id"].as_str().unwrap().to_owned();
    let task = json!({"violation_ids": ["01"], "actions": ["isolate"]});
    assert_eq!(admin.post("/api/v1/mitigation-tasks", &task).await.status, 201);
    (rig, id, admin)
}

#[tokio::test]
async fn answers_have_the_shape_that_the_openapi_document_gives_them() {
    let (rig, id, admin) = filled().await;
    let document = admin.get("/api/v1/openapi.json").await.json();
    let certificate = format!("/certificates/{id}");
    let authority = crate::authorities::registered(&admin, false).await;
    let authority = format!("/authorities/{authority}");
    for (path, described) in [
        ("/session", "/session"),
        ("/overview", "/overview"),
        ("/pipeline", "/pipeline"),
        ("/things", "/things"),
        ("/things/cam-1", "/things/{name}"),
        ("/things/cam-1/metrics", "/things/{name}/metrics"),
        ("/alarms", "/alarms"),
        ("/notification-topics", "/notification-topics"),
        ("/things/cam-1/series", "/things/{name}/series"),
        (
            "/metric-values?thing=cam-1&metric=aws:all-bytes-out&from_ms=0&to_ms=9000000000000",
            "/metric-values",
        ),
        (
            "/metric-bands?metric=aws:all-bytes-out&from_ms=0&to_ms=9000000&step_ms=300000",
            "/metric-bands",
        ),
        ("/alarms/01", "/alarms/{id}"),
        ("/profiles", "/profiles"),
        ("/profiles/base", "/profiles/{name}"),
        ("/metric-catalogue", "/metric-catalogue"),
        ("/custom-metrics", "/custom-metrics"),
        ("/dimensions", "/dimensions"),
        ("/mitigation-actions", "/mitigation-actions"),
        ("/mitigation-tasks", "/mitigation-tasks"),
        ("/thing-types", "/thing-types"),
        ("/groups", "/groups"),
        ("/groups/picket-fleet", "/groups/{name}"),
        ("/certificates", "/certificates"),
        (certificate.as_str(), "/certificates/{id}"),
        ("/policies", "/policies"),
        ("/policies/picket-device", "/policies/{name}"),
        ("/connections", "/connections"),
        ("/authorities", "/authorities"),
        (authority.as_str(), "/authorities/{id}"),
        ("/registration-code", "/registration-code"),
        ("/endpoint", "/endpoint"),
        ("/connection-log", "/connection-log"),
        ("/changes", "/changes"),
    ] {
        let described = format!("/api/v1{described}");
        let content = &document["paths"][&described]["get"]["responses"]["200"]["content"];
        let schema = &content["application/json"]["schema"];
        assert!(schema.is_object(), "{described} has no schema");
        conforms(&document, schema, &admin.get(&format!("/api/v1{path}")).await.json(), path);
    }
    assert!(rig.stop().await);
}

#[tokio::test]
async fn what_is_asked_in_a_body_is_answered_in_the_described_shape_too() {
    let (rig, id, admin) = filled().await;
    let document = admin.get("/api/v1/openapi.json").await.json();
    let policy = r#"{"Version": "2012-10-17", "Statement": []}"#;
    for (path, body, status) in [
        ("things", json!({"name": "cam-2"}), "201"),
        ("groups", json!({"name": "ward"}), "201"),
        ("thing-types", json!({"name": "pump"}), "201"),
        ("certificates", json!({"is_active": false}), "201"),
        ("certificate-requests", json!({"csr_pem": request_pem(), "is_active": false}), "201"),
        (
            "mitigation-actions",
            json!({"name": "deny", "params":
                {"replaceDefaultPolicyVersionParams": {"templateName": "BLANK_POLICY"}}}),
            "201",
        ),
        (
            "mitigation-plan",
            json!({"violation_ids": ["01"], "actions": ["isolate", "deny"]}),
            "200",
        ),
        (
            "mitigation-tasks",
            json!({"violation_ids": ["01"], "actions": ["deny"], "note": "for now"}),
            "201",
        ),
        ("policy-check", json!({"document": policy}), "200"),
        ("policy-check", json!({"document": "{"}), "200"),
        (
            "policy-explanation",
            json!({"certificate": id, "action": "iot:Connect", "resource": "cam-1"}),
            "200",
        ),
        (
            "rights-explanation",
            json!({"certificate": id, "action": "iot:Connect", "resource": "client/cam-1"}),
            "200",
        ),
        ("search", json!({"spl": "index=iot"}), "200"),
        ("profile-preview", json!({"document": {}, "last": "24h"}), "200"),
        ("profile-suggestion", json!({"last": "7d"}), "200"),
    ] {
        let path = format!("/api/v1/{path}");
        let content = &document["paths"][&path]["post"]["responses"][status]["content"];
        let schema = &content["application/json"]["schema"];
        assert!(schema.is_object(), "{path} has no schema for {status}");
        let answer = admin.post(&path, &body).await;
        assert_eq!(answer.status.to_string(), status, "{path}: {}", answer.body);
        conforms(&document, schema, &answer.json(), &path);
    }
    assert!(rig.stop().await);
}
