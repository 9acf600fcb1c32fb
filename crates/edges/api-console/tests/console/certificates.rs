//! Certificates, over the real control plane.

use serde_json::{Value, json};

use crate::client::Client;
use crate::control::DEVICE_POLICY;
use crate::rig::Rig;

async fn made(admin: &Client, body: &Value) -> Value {
    let answer = admin.post("/api/v1/certificates", body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.json()
}

#[tokio::test]
async fn a_certificate_is_made_with_what_it_is_for_and_its_key_is_in_the_answer_only() {
    let rig = Rig::start(|_| {}).await;
    rig.add_thing("pump-17").await;
    let admin = rig.logged_in("admin").await;
    let body = json!({"thing": "pump-17", "policies": [DEVICE_POLICY], "is_active": true});
    let bundle = made(&admin, &body).await;
    assert!(bundle["private_key_pem"].as_str().unwrap().contains("PRIVATE KEY"));
    assert!(bundle["ca_pem"].as_str().unwrap().contains("BEGIN CERTIFICATE"));
    let id = bundle["certificate_id"].as_str().unwrap();
    let shown = admin.get(&format!("/api/v1/certificates/{id}")).await;
    assert!(!shown.body.contains("PRIVATE KEY"));
    let shown = shown.json();
    assert_eq!(shown["status"], json!("ACTIVE"));
    assert_eq!(shown["things"], json!([{"name": "pump-17", "is_exclusive": false}]));
    assert_eq!(shown["policies"], json!([DEVICE_POLICY]));
    assert!(shown["subject"].as_str().unwrap().contains("CN="), "{shown}");
    let listed = admin.get("/api/v1/certificates?limit=1").await.json();
    assert_eq!((&listed["certificates"][0]["id"], &listed["total"]), (&json!(id), &json!(1)));
}

#[tokio::test]
async fn a_certificate_for_something_unknown_is_not_made() {
    let rig = Rig::start(|_| {}).await;
    let admin = rig.logged_in("admin").await;
    for (body, status) in [
        (json!({"thing": "none", "is_active": true}), 404),
        (json!({"policies": ["none"], "is_active": true}), 404),
        (json!({"thing": "a b", "is_active": true}), 400),
        (json!({}), 400),
    ] {
        assert_eq!(admin.post("/api/v1/certificates", &body).await.status, status, "{body}");
    }
    assert_eq!(admin.get("/api/v1/certificates").await.json()["total"], json!(0));
}

#[tokio::test]
async fn a_certificate_is_switched_off_revoked_for_good_and_deleted() {
    let rig = Rig::start(|_| {}).await;
    let admin = rig.logged_in("admin").await;
    let bundle = made(&admin, &json!({"is_active": true})).await;
    let path = format!("/api/v1/certificates/{}", bundle["certificate_id"].as_str().unwrap());
    let set = async |status: &str| admin.patch(&path, &json!({"status": status})).await;
    assert_eq!(set("INACTIVE").await.status, 204);
    assert_eq!(set("ACTIVE").await.status, 204);
    let active = admin.delete(&path).await;
    assert_eq!((active.status, active.error_code().as_str()), (409, "conflict"));
    assert_eq!(set("REVOKED").await.status, 204);
    assert_eq!(admin.get(&path).await.json()["status"], json!("REVOKED"));
    assert_ne!(set("ACTIVE").await.status, 204);
    assert_eq!(set("SOMETHING").await.status, 400);
    assert_eq!(admin.delete(&path).await.status, 204);
    assert_eq!(admin.get(&path).await.status, 404);
    assert_eq!(set("ACTIVE").await.status, 404);
    assert_eq!(admin.get("/api/v1/certificates/abc").await.status, 400);
}

#[tokio::test]
async fn things_and_policies_are_tied_to_a_certificate_and_untied() {
    let rig = Rig::start(|_| {}).await;
    rig.add_thing("pump-17").await;
    let admin = rig.logged_in("admin").await;
    let bundle = made(&admin, &json!({"is_active": true})).await;
    let path = format!("/api/v1/certificates/{}", bundle["certificate_id"].as_str().unwrap());
    let put = async |tie: &str| admin.send("PUT", &format!("{path}/{tie}"), None).await.status;
    let delete = async |tie: &str| admin.delete(&format!("{path}/{tie}")).await.status;
    let policy = format!("policies/{DEVICE_POLICY}");
    for tie in ["things/pump-17", &policy] {
        assert_eq!(put(tie).await, 204, "{tie}");
        assert_eq!(put(tie).await, 204, "{tie} again");
    }
    let shown = admin.get(&path).await.json();
    assert_eq!(shown["things"][0]["name"], json!("pump-17"));
    assert_eq!(shown["policies"], json!([DEVICE_POLICY]));
    for tie in ["things/none", "policies/none"] {
        assert_eq!(put(tie).await, 404, "{tie}");
    }
    for tie in ["things/pump-17", &policy] {
        assert_eq!(delete(tie).await, 204, "{tie}");
    }
    let shown = admin.get(&path).await.json();
    assert_eq!((&shown["things"], &shown["policies"]), (&json!([]), &json!([])));
}
