//! Policies: editing, checking and explaining, over the real control plane.

use serde_json::{Value, json};

use crate::client::Client;
use crate::control::DEVICE_POLICY;
use crate::rig::Rig;

const TOPICS: &str = "arn:aws:iot:us-east-1:000000000000:topic";

/// Allows all below `wards/` but `wards/1/`.
fn wards() -> String {
    let statement = |sid: &str, effect: &str, topics: &str| {
        json!({
            "Sid": sid, "Effect": effect, "Action": "iot:Publish", "Resource": format!("{TOPICS}/{topics}"),
        })
    };
    let statements = [statement("All", "Allow", "wards/*"), statement("One", "Deny", "wards/1/*")];
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

async fn explained(client: &Client, question: &Value) -> Value {
    let answer = client.post("/api/v1/policy-explanation", question).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

#[tokio::test]
async fn a_policy_gets_versions_one_of_which_is_in_force() {
    let rig = Rig::start(|_| {}).await;
    let admin = rig.logged_in("admin").await;
    let body = json!({"name": "wards", "document": wards()});
    let made = admin.post("/api/v1/policies", &body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!(made.json()["versions"][0]["document"], json!(wards()));
    let version = json!({"document": wards().replace("Deny", "Allow"), "make_default": false});
    let made = admin.post("/api/v1/policies/wards/versions", &version).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let defaults = |policy: &Value| -> Vec<(u64, bool)> {
        let versions = policy["versions"].as_array().unwrap();
        let fact =
            |one: &Value| (one["id"].as_u64().unwrap(), one["is_default"].as_bool().unwrap());
        versions.iter().map(fact).collect()
    };
    assert_eq!(defaults(&made.json()), [(2, false), (1, true)]);
    let set = "/api/v1/policies/wards/default-version";
    assert_eq!(admin.put(set, &json!({"version": 2})).await.status, 204);
    assert_eq!(admin.put(set, &json!({"version": 9})).await.status, 404);
    assert_eq!(admin.delete("/api/v1/policies/wards/versions/2").await.status, 409);
    assert_eq!(admin.delete("/api/v1/policies/wards/versions/1").await.status, 204);
    assert_eq!(defaults(&admin.get("/api/v1/policies/wards").await.json()), [(2, true)]);
    let listed = admin.get("/api/v1/policies?limit=1").await.json();
    assert_eq!(listed["policies"].as_array().unwrap().len(), 1);
    assert!(listed["next"].is_string());
    assert_eq!(admin.delete("/api/v1/policies/wards").await.status, 204);
    assert_eq!(admin.get("/api/v1/policies/wards").await.status, 404);
}

#[tokio::test]
async fn policies_that_are_malformed_taken_or_unknown_are_refused() {
    let rig = Rig::start(|_| {}).await;
    let admin = rig.logged_in("admin").await;
    let make = async |name: &str, document: &str| {
        admin.post("/api/v1/policies", &json!({"name": name, "document": document})).await
    };
    assert_eq!(make("wards", &wards()).await.status, 201);
    assert_eq!(make("wards", &wards().replace("One", "Two")).await.status, 409);
    let odd = make("odd", &wards().replace("Allow", "Allw")).await;
    assert_eq!((odd.status, odd.error_code().as_str()), (400, "invalid"));
    assert!(odd.body.contains("Effect"), "{}", odd.body);
    assert_eq!(make("a b", &wards()).await.status, 400);
    for (path, body) in [
        ("policies/none/versions", json!({"document": wards(), "make_default": true})),
        ("policies/wards/versions", json!({"document": "{", "make_default": true})),
        ("policies", json!({"name": "x"})),
        ("policy-check", json!({"text": "{}"})),
    ] {
        let status = if path.contains("none") { 404 } else { 400 };
        let answer = admin.post(&format!("/api/v1/{path}"), &body).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
    }
    assert_eq!(admin.delete("/api/v1/policies/none").await.status, 404);
    assert_eq!(admin.delete("/api/v1/policies/none/versions/1").await.status, 404);
}

#[tokio::test]
async fn a_policy_is_tied_to_a_group_and_stays_while_it_is() {
    let rig = Rig::start(|_| {}).await;
    let admin = rig.logged_in("admin").await;
    assert_eq!(admin.post("/api/v1/groups", &json!({"name": "ward"})).await.status, 201);
    let body = json!({"name": "wards", "document": wards()});
    assert_eq!(admin.post("/api/v1/policies", &body).await.status, 201);
    let tie = "/api/v1/policies/wards/groups/ward";
    assert_eq!(admin.send("PUT", tie, None).await.status, 204);
    let shown = admin.get("/api/v1/policies/wards").await.json();
    assert_eq!(shown["targets"], json!([{"kind": "group", "name": "ward"}]));
    let group = admin.get("/api/v1/groups/ward").await.json();
    assert_eq!(group["policies"], json!(["wards"]));
    let kept = admin.delete("/api/v1/policies/wards").await;
    assert_eq!((kept.status, kept.error_code().as_str()), (409, "conflict"));
    assert_eq!(admin.delete(tie).await.status, 204);
    assert_eq!(admin.delete("/api/v1/policies/wards").await.status, 204);
    assert_eq!(admin.send("PUT", tie, None).await.status, 404);
}

#[tokio::test]
async fn a_document_is_checked_without_being_stored_and_its_problem_has_a_place() {
    let rig = Rig::start(|_| {}).await;
    let vera = rig.logged_in("vera").await;
    let check = async |document: &str| {
        let answer = vera.post("/api/v1/policy-check", &json!({"document": document})).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()["problem"].clone()
    };
    assert_eq!(check(&wards()).await, Value::Null);
    let odd =
        check("{\"Version\": \"2012-10-17\",\n \"Statement\": [\n  {\"Effect\": \"Allw\"}]}").await;
    assert!(odd["at"].as_str().unwrap().contains("Effect"), "{odd}");
    assert_eq!(odd["line"], json!(3), "{odd}");
    let broken = check("{\"Version\": ").await;
    assert!(broken["message"].is_string(), "{broken}");
    assert_eq!(vera.get("/api/v1/policies/wards").await.status, 404);
}

#[tokio::test]
async fn an_explanation_names_the_statement_that_decides() {
    let rig = Rig::start(|_| {}).await;
    let vera = rig.logged_in("vera").await;
    let question =
        |topic: &str| json!({"action": "iot:Publish", "resource": topic, "documents": [wards()]});
    for (topic, decision, deciding, sentence) in [
        ("wards/2/heat", "allowed", json!(0), "All of this document allows iot:Publish"),
        ("wards/1/heat", "explicit_deny", json!(1), "One of this document denies iot:Publish"),
        ("other", "implicit_deny", Value::Null, "No statement speaks of iot:Publish"),
    ] {
        let answer = explained(&vera, &question(topic)).await;
        assert_eq!(answer["decision"], json!(decision), "{answer}");
        assert_eq!(answer["deciding"], deciding, "{answer}");
        assert!(answer["sentence"].as_str().unwrap().starts_with(sentence), "{answer}");
        assert_eq!(answer["statements"].as_array().unwrap().len(), 2);
    }
    let eleven = vec![wards(); 11];
    for (question, status) in [
        (json!({"action": "iot:Publich", "resource": "a"}), 400),
        (json!({"action": "iot:Publish", "resource": "a", "documents": ["{"]}), 400),
        (json!({"action": "iot:Publish", "resource": "a", "documents": eleven}), 400),
        (json!({"action": "iot:Publish", "resource": "a", "certificate": "ab".repeat(32)}), 404),
        (json!({"action": "iot:Publish"}), 400),
    ] {
        let answer = vera.post("/api/v1/policy-explanation", &question).await;
        assert_eq!(answer.status, status, "{question}: {}", answer.body);
    }
}

#[tokio::test]
async fn a_certificates_own_policies_count_in_an_explanation() {
    let rig = Rig::start(|_| {}).await;
    let admin = rig.logged_in("admin").await;
    let bundle = admin.post("/api/v1/things", &json!({"name": "pump-17"})).await.json();
    let question = |client_id: &str| {
        json!({
            "certificate": bundle["certificate_id"], "client_id": client_id,
            "action": "iot:Connect", "resource": client_id,
        })
    };
    let own = explained(&admin, &question("pump-17")).await;
    assert_eq!(own["decision"], json!("allowed"), "{own}");
    assert_eq!(own["statements"][0]["sid"], json!("Connect"));
    assert!(own["statements"][0]["text"].as_str().unwrap().contains("Connect"), "{own}");
    let other = explained(&admin, &question("pump-18")).await;
    assert_eq!(other["decision"], json!("implicit_deny"), "{other}");
    // The same for scripts, whole.
    let rights = json!({"thing": "pump-17", "action": "iot:Connect", "resource": "client/pump-17"});
    let answer = admin.post("/api/v1/rights-explanation", &rights).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let unknown = json!({"thing": "none", "action": "iot:Connect", "resource": "client/none"});
    assert_eq!(admin.post("/api/v1/rights-explanation", &unknown).await.status, 404);
}

#[tokio::test]
async fn a_thing_is_asked_about_by_name_and_a_draft_takes_the_place_of_what_is_stored() {
    let rig = Rig::start(|_| {}).await;
    let admin = rig.logged_in("admin").await;
    assert_eq!(admin.post("/api/v1/things", &json!({"name": "pump-17"})).await.status, 201);
    let connect = |more: Value| {
        let mut question = json!({"action": "iot:Connect", "resource": "pump-17"});
        question.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        question
    };
    let asked = explained(&admin, &connect(json!({"thing": "pump-17"}))).await;
    assert_eq!(asked["decision"], json!("allowed"), "{asked}");
    // Nothing of the stored policy counts beside the draft of it.
    let draft = json!({
        "thing": "pump-17", "replaces": DEVICE_POLICY, "documents": [wards()],
    });
    let asked = explained(&admin, &connect(draft)).await;
    assert_eq!(asked["decision"], json!("implicit_deny"), "{asked}");
    assert_eq!(asked["statements"].as_array().unwrap().len(), 2);
    let unknown =
        admin.post("/api/v1/policy-explanation", &connect(json!({"thing": "none"}))).await;
    assert_eq!(unknown.status, 404);
    rig.add_thing("bare").await;
    let bare = admin.post("/api/v1/policy-explanation", &connect(json!({"thing": "bare"}))).await;
    assert_eq!(bare.status, 400);
    assert!(bare.body.contains("no certificate"), "{}", bare.body);
}
