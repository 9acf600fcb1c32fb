//! Making, changing and deleting things, over the real control plane.

use picket_core::{CertificateId, ThingName};
use picket_ports::registry::{Page, Things as _};
use serde_json::{Value, json};

use crate::client::Client;
use crate::control::{DEVICE_POLICY, FLEET};
use crate::rig::Rig;

async fn made(admin: &Client, body: &Value) -> Value {
    let answer = admin.post("/api/v1/things", body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.json()
}

#[tokio::test]
async fn a_new_thing_gets_its_group_type_attributes_and_a_certificate_that_may_connect() {
    let rig = Rig::start(|_| {}).await;
    let admin = rig.logged_in("admin").await;
    for (path, body) in
        [("thing-types", json!({"name": "pump"})), ("groups", json!({"name": "ward"}))]
    {
        assert_eq!(admin.post(&format!("/api/v1/{path}"), &body).await.status, 201);
    }
    let bundle = made(
        &admin,
        &json!({
            "name": "pump-17",
            "group": "ward",
            "type_name": "pump",
            "attributes": {"site": "west", "floor": "3", "gone": ""},
        }),
    )
    .await;
    let thing = admin.get("/api/v1/things/pump-17").await.json();
    assert_eq!((&thing["type_name"], &thing["groups"]), (&json!("pump"), &json!(["ward"])));
    assert_eq!(
        thing["attributes"],
        json!([{"name": "floor", "value": "3"}, {"name": "site", "value": "west"}])
    );
    let certificate = &thing["certificates"][0];
    assert_eq!(certificate["id"], bundle["certificate_id"]);
    assert_eq!(certificate["status"], json!("ACTIVE"));
    let id = bundle["certificate_id"].as_str().unwrap();
    let certificate = admin.get(&format!("/api/v1/certificates/{id}")).await.json();
    assert_eq!(certificate["policies"], json!([DEVICE_POLICY]));
    assert_eq!(certificate["pem"], bundle["certificate_pem"]);
    let listed = admin.get("/api/v1/things?type_name=pump").await.json();
    assert_eq!(listed["things"][0]["name"], json!("pump-17"));
}

#[tokio::test]
async fn a_thing_that_breaks_a_rule_is_not_made_at_all() {
    let rig = Rig::start(|_| {}).await;
    let admin = rig.logged_in("admin").await;
    assert_eq!(admin.post("/api/v1/thing-types", &json!({"name": "old"})).await.status, 201);
    let undo = json!({"undo": false});
    assert_eq!(admin.post("/api/v1/thing-types/old/deprecation", &undo).await.status, 204);
    for (body, status, problem) in [
        (json!({"name": "a", "type_name": "none"}), 404, "thing type `none` does not exist"),
        (json!({"name": "a", "type_name": "old"}), 400, "is deprecated"),
        (json!({"name": "a", "group": "none"}), 404, "thing group `none` does not exist"),
        (json!({"name": "a", "attributes": {"k": "%"}}), 400, "holds '%'"),
        (
            json!({"name": "a", "attributes": {"a": "1", "b": "2", "c": "3", "d": "4"}}),
            400,
            "at most 3 attributes",
        ),
        (json!({"name": "a b"}), 400, "a b"),
        (json!({"name": "a", "colour": "red"}), 400, "unknown field `colour`"),
        (json!({}), 400, "missing field `name`"),
    ] {
        let answer = admin.post("/api/v1/things", &body).await;
        assert_eq!(answer.status, status, "{body}: {}", answer.body);
        assert!(answer.body.contains(problem), "{body}: {}", answer.body);
    }
    assert_eq!(rig.registry.count_things().await.unwrap(), 0);
    assert_eq!(admin.get("/api/v1/certificates").await.json()["total"], json!(0));
}

#[tokio::test]
async fn a_change_sets_what_it_names_and_leaves_the_rest() {
    let rig = Rig::start(|_| {}).await;
    let admin = rig.logged_in("admin").await;
    assert_eq!(admin.post("/api/v1/thing-types", &json!({"name": "pump"})).await.status, 201);
    made(&admin, &json!({"name": "pump-17", "attributes": {"site": "west"}})).await;
    let change = async |body: Value| admin.patch("/api/v1/things/pump-17", &body).await;
    assert_eq!(change(json!({"type_name": "pump"})).await.status, 204);
    let thing = admin.get("/api/v1/things/pump-17").await.json();
    assert_eq!(thing["type_name"], json!("pump"));
    assert_eq!(thing["attributes"], json!([{"name": "site", "value": "west"}]));
    assert_eq!(change(json!({"attributes": {"floor": "3"}})).await.status, 204);
    assert_eq!(change(json!({"type_name": null})).await.status, 204);
    let thing = admin.get("/api/v1/things/pump-17").await.json();
    assert_eq!(thing["type_name"], Value::Null);
    assert_eq!(thing["attributes"], json!([{"name": "floor", "value": "3"}]));
    assert_eq!(change(json!({"type_name": "none"})).await.status, 404);
    assert_eq!(change(json!({"attributes": {"a b": "1"}})).await.status, 400);
    assert_eq!(change(json!({"name": "other"})).await.status, 400);
    let unknown = admin.patch("/api/v1/things/none", &json!({})).await;
    assert_eq!((unknown.status, unknown.error_code().as_str()), (404, "not_found"));
}

#[tokio::test]
async fn a_deleted_thing_takes_its_own_certificates_along_and_leaves_shared_ones() {
    let rig = Rig::start(|_| {}).await;
    let admin = rig.logged_in("admin").await;
    let first = made(&admin, &json!({"name": "pump-17"})).await;
    let second = made(&admin, &json!({"name": "pump-18"})).await;
    let own = first["certificate_id"].as_str().unwrap();
    let shared = second["certificate_id"].as_str().unwrap();
    let attach = format!("/api/v1/certificates/{shared}/things/pump-17");
    assert_eq!(admin.send("PUT", &attach, None).await.status, 204);
    assert_eq!(admin.delete("/api/v1/things/pump-17").await.status, 204);
    assert_eq!(admin.get("/api/v1/things/pump-17").await.status, 404);
    assert_eq!(admin.get(&format!("/api/v1/certificates/{own}")).await.status, 404);
    let left = admin.get(&format!("/api/v1/certificates/{shared}")).await.json();
    assert_eq!(left["status"], json!("ACTIVE"));
    assert_eq!(left["things"], json!([{"name": "pump-18", "is_exclusive": false}]));
    let group = admin.get(&format!("/api/v1/groups/{FLEET}")).await.json();
    assert_eq!(group["things"], json!(["pump-18"]));
    assert_eq!(admin.delete("/api/v1/things/pump-17").await.status, 404);
}

#[tokio::test]
async fn a_thing_with_more_certificates_than_a_round_looks_at_is_deleted_whole() {
    let rig = Rig::start(|_| {}).await;
    let admin = rig.logged_in("admin").await;
    made(&admin, &json!({"name": "pump-17"})).await;
    let name = ThingName::new("pump-17").unwrap();
    // More than a round of them: what is done in one must not be what the next begins with.
    for n in 0..130_u32 {
        let id = CertificateId::new(format!("{n:064x}")).unwrap();
        rig.add_certificate(&id, &name).await;
    }
    assert_eq!(admin.delete("/api/v1/things/pump-17").await.status, 204);
    let left = rig.control.registry().count_certificates().await.unwrap();
    assert_eq!(left, 0);
    let things = rig.registry.things(&Default::default(), &Page::first(9)).await.unwrap();
    assert!(things.rows.is_empty());
}

#[tokio::test]
async fn things_are_listed_by_group_and_by_attribute_with_the_policies_that_apply() {
    let rig = Rig::start(|_| {}).await;
    let admin = rig.logged_in("admin").await;
    for (name, site) in [("pump-1", "west"), ("pump-2", "east"), ("pump-3", "west")] {
        let body = json!({"name": name, "attributes": {"site": site}});
        assert_eq!(admin.post("/api/v1/things", &body).await.status, 201);
    }
    rig.add_thing("camera").await;
    let names = async |query: &str| -> Vec<String> {
        let answer = admin.get(&format!("/api/v1/things?{query}")).await.json();
        let things = answer["things"].as_array().unwrap().clone();
        things.iter().map(|thing| thing["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("attribute=site%3Dwest").await, ["pump-1", "pump-3"]);
    assert_eq!(names("attribute=site").await, ["pump-1", "pump-2", "pump-3"]);
    assert_eq!(names("group=picket-fleet").await, ["pump-1", "pump-2", "pump-3"]);
    let first = admin.get("/api/v1/things?group=picket-fleet&limit=2").await.json();
    let after = first["next"].as_str().unwrap();
    assert_eq!(names(&format!("group=picket-fleet&limit=2&after={after}")).await, ["pump-3"]);
    assert_eq!(admin.get("/api/v1/things?group=none").await.status, 404);
    assert_eq!(admin.get("/api/v1/things?group=picket-fleet&prefix=p").await.status, 400);
    let ward = json!({"name": "ward"});
    assert_eq!(admin.post("/api/v1/groups", &ward).await.status, 201);
    let put = async |path: &str| admin.send("PUT", path, None).await.status;
    assert_eq!(put("/api/v1/groups/ward/things/camera").await, 204);
    assert_eq!(put("/api/v1/policies/picket-device/groups/ward").await, 204);
    let camera = admin.get("/api/v1/things/camera").await.json();
    let expected = json!([{"name": "picket-device", "via": "group", "via_name": "ward"}]);
    assert_eq!((&camera["policies"], &camera["connections"]), (&expected, &json!([])));
}
