//! Thing types and groups, over the real control plane.

use std::time::Duration;

use serde_json::{Value, json};

use crate::rig::Rig;

#[tokio::test]
async fn a_type_is_made_deprecated_and_after_a_while_deleted() {
    let rig = Rig::start(|_| {}).await;
    let admin = rig.logged_in("admin").await;
    let body = json!({
        "name": "pump", "description": "Infusion pump", "searchable_attributes": ["site"],
    });
    let made = admin.post("/api/v1/thing-types", &body).await;
    assert_eq!(made.status, 201);
    assert_eq!(made.json()["searchable_attributes"], json!(["site"]));
    let deprecate = async |undo: bool| {
        admin.post("/api/v1/thing-types/pump/deprecation", &json!({"undo": undo})).await.status
    };
    let listed = async || admin.get("/api/v1/thing-types").await.json()["types"][0].clone();
    assert_eq!(deprecate(false).await, 204);
    assert_eq!(listed().await["is_deprecated"], json!(true));
    assert_eq!(deprecate(true).await, 204);
    assert_eq!(listed().await["is_deprecated"], json!(false));
    assert_eq!(admin.delete("/api/v1/thing-types/pump").await.status, 400);
    assert_eq!(deprecate(false).await, 204);
    rig.clock.advance(Duration::from_secs(301));
    let admin = rig.logged_in("admin").await;
    assert_eq!(admin.delete("/api/v1/thing-types/pump").await.status, 204);
    assert_eq!(admin.get("/api/v1/thing-types").await.json()["types"], json!([]));
}

#[tokio::test]
async fn a_type_that_is_malformed_taken_or_unknown_is_refused() {
    let rig = Rig::start(|_| {}).await;
    let admin = rig.logged_in("admin").await;
    let make = async |body: Value| admin.post("/api/v1/thing-types", &body).await;
    assert_eq!(make(json!({"name": "pump"})).await.status, 201);
    assert_eq!(make(json!({"name": "pump", "description": "other"})).await.status, 409);
    assert_eq!(make(json!({"name": "a b"})).await.status, 400);
    let many = json!({"name": "x", "searchable_attributes": ["a", "b", "c", "d"]});
    assert_eq!(make(many).await.status, 400);
    let unknown = admin.post("/api/v1/thing-types/none/deprecation", &json!({"undo": false})).await;
    assert_eq!((unknown.status, unknown.error_code().as_str()), (404, "not_found"));
    let bad = admin.post("/api/v1/thing-types/pump/deprecation", &json!({})).await;
    assert_eq!(bad.status, 400);
    assert_eq!(admin.delete("/api/v1/thing-types/none").await.status, 404);
}

#[tokio::test]
async fn groups_nest_take_things_and_let_them_go() {
    let rig = Rig::start(|_| {}).await;
    rig.add_thing("pump-17").await;
    let admin = rig.logged_in("admin").await;
    let make = async |body: Value| admin.post("/api/v1/groups", &body).await;
    assert_eq!(make(json!({"name": "house", "description": "All"})).await.status, 201);
    assert_eq!(make(json!({"name": "ward", "parent": "house"})).await.status, 201);
    assert_eq!(admin.send("PUT", "/api/v1/groups/ward/things/pump-17", None).await.status, 204);
    let ward = admin.get("/api/v1/groups/ward").await.json();
    assert_eq!((&ward["line"], &ward["things"]), (&json!(["house", "ward"]), &json!(["pump-17"])));
    let house = admin.get("/api/v1/groups/house").await.json();
    assert_eq!((&house["children"][0]["name"], &house["things"]), (&json!("ward"), &json!([])));
    let listed = admin.get("/api/v1/groups?prefix=wa").await.json();
    assert_eq!(listed["groups"].as_array().unwrap().len(), 1);
    let remove = "/api/v1/groups/ward/things/pump-17";
    assert_eq!(admin.delete(remove).await.status, 204);
    assert_eq!(admin.get("/api/v1/groups/ward").await.json()["things"], json!([]));
    // A group that has groups in it stays.
    assert_ne!(admin.delete("/api/v1/groups/house").await.status, 204);
    assert_eq!(admin.delete("/api/v1/groups/ward").await.status, 204);
    assert_eq!(admin.delete("/api/v1/groups/house").await.status, 204);
}

#[tokio::test]
async fn groups_that_are_malformed_taken_or_unknown_are_refused() {
    let rig = Rig::start(|_| {}).await;
    rig.add_thing("pump-17").await;
    let admin = rig.logged_in("admin").await;
    let make = async |body: Value| admin.post("/api/v1/groups", &body).await.status;
    assert_eq!(make(json!({"name": "ward"})).await, 201);
    assert_eq!(make(json!({"name": "ward", "description": "other"})).await, 409);
    assert_eq!(make(json!({"name": "x", "parent": "none"})).await, 400);
    assert_eq!(make(json!({"name": "a/b"})).await, 400);
    assert_eq!(admin.get("/api/v1/groups/none").await.status, 404);
    for (path, status) in [
        ("ward/things/none", 404),
        ("none/things/pump-17", 404),
        ("ward/things/a%20b", 400),
        // Not UTF-8, so no name at all.
        ("ward/things/%FF", 400),
    ] {
        let answer = admin.send("PUT", &format!("/api/v1/groups/{path}"), None).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
        assert!(!answer.error_code().is_empty());
    }
    assert_eq!(admin.get("/api/v1/groups?limit=0").await.status, 400);
}

#[tokio::test]
async fn a_tree_of_groups_is_walked_from_its_roots() {
    let rig = Rig::start(|_| {}).await;
    let admin = rig.logged_in("admin").await;
    for body in [
        json!({"name": "house"}),
        json!({"name": "ward-1", "parent": "house"}),
        json!({"name": "ward-2", "parent": "house"}),
        json!({"name": "bay", "parent": "ward-1"}),
    ] {
        assert_eq!(admin.post("/api/v1/groups", &body).await.status, 201);
    }
    let rows = async |query: &str| -> Vec<(String, bool)> {
        let answer = admin.get(&format!("/api/v1/groups?{query}")).await.json();
        let fact = |row: &Value| {
            (row["name"].as_str().unwrap().to_owned(), row["has_children"].as_bool().unwrap())
        };
        answer["groups"].as_array().unwrap().iter().map(fact).collect()
    };
    let named = |rows: &[(&str, bool)]| -> Vec<(String, bool)> {
        rows.iter().map(|(name, has_children)| ((*name).to_owned(), *has_children)).collect()
    };
    let roots = rows("uppermost=true").await;
    assert_eq!(roots, named(&[("house", true), ("picket-fleet", false)]));
    let wards = rows("parent=house").await;
    assert_eq!(wards, named(&[("ward-1", true), ("ward-2", false)]));
    assert_eq!(admin.get("/api/v1/groups?parent=none").await.status, 404);
}
