//! Notification topics, over a real notify engine.

use serde_json::{Value, json};

use crate::rig::Rig;

const TOPICS: &str = "/api/v1/notification-topics";

#[tokio::test]
async fn a_topic_is_made_subscribed_to_tested_and_removed() {
    let rig = Rig::start(|_| {}).await;
    let admin = rig.logged_in("admin").await;
    let made = admin.post(TOPICS, &json!({"name": "alerts"})).await;
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!(made.json()["arn"], "arn:aws:sns:us-east-1:000000000000:alerts");
    assert_eq!(admin.post(TOPICS, &json!({"name": "alerts"})).await.status, 409);
    let below = format!("{TOPICS}/alerts/subscriptions");
    let hook = json!({"protocol": "webhook", "endpoint": "https://hooks.example/x"});
    let made = admin.post(&below, &hook).await;
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!(made.json()["secret"].as_str().unwrap().len(), 64);
    let id = made.json()["subscription"]["id"].as_str().unwrap().to_owned();
    let again = admin.post(&below, &hook).await.json();
    assert_eq!((&again["subscription"]["id"], &again["secret"]), (&json!(id), &Value::Null));
    let stream = "arn:aws:firehose:us-east-1:000000000000:deliverystream/out";
    let stream = json!({"protocol": "firehose", "endpoint": stream});
    let made = admin.post(&below, &stream).await;
    assert_eq!((made.status, &made.json()["secret"]), (201, &Value::Null));
    let sent = admin.post(&format!("{TOPICS}/alerts/test"), &json!({})).await;
    assert_eq!((sent.status, sent.json()["message_id"].as_str().unwrap().len()), (200, 36));
    let listed = admin.get(TOPICS).await.json();
    assert_eq!(listed["topics"][0]["subscriptions"].as_array().unwrap().len(), 2);
    assert!(!listed.to_string().contains("secret"), "{listed}");
    let kept = admin.get(&format!("{below}/{id}/undelivered")).await;
    assert_eq!(kept.json(), json!({"messages": []}));
    assert_eq!(admin.delete(&format!("{below}/{id}")).await.status, 204);
    assert_eq!(admin.delete(&format!("{below}/{id}")).await.status, 404);
    assert_eq!(admin.delete(&format!("{TOPICS}/alerts")).await.status, 204);
    assert_eq!(admin.get(TOPICS).await.json(), json!({"topics": []}));
    assert!(rig.stop().await);
}

#[tokio::test]
async fn bad_topics_and_subscriptions_are_refused_with_the_reason() {
    let rig = Rig::start(|_| {}).await;
    let admin = rig.logged_in("admin").await;
    assert_eq!(admin.post(TOPICS, &json!({"name": "a b"})).await.status, 400);
    assert_eq!(admin.post(&format!("{TOPICS}/none/test"), &json!({})).await.status, 404);
    assert_eq!(admin.post(TOPICS, &json!({"name": "alerts"})).await.status, 201);
    for (protocol, endpoint, words) in [
        ("sqs", "x", "no queues here"),
        ("email", "ana@fleet.example", "[notify.smtp]"),
        ("webhook", "https://127.0.0.1/", "notify.allow_hosts"),
        ("mqtt", "a/#", "wildcard"),
    ] {
        let body = json!({"protocol": protocol, "endpoint": endpoint});
        let refused = admin.post(&format!("{TOPICS}/alerts/subscriptions"), &body).await;
        assert_eq!(refused.status, 400, "{}", refused.body);
        assert!(refused.body.contains(words), "{}", refused.body);
    }
    let viewer = rig.logged_in("vera").await;
    assert_eq!(viewer.get(TOPICS).await.status, 200);
    assert_eq!(viewer.post(&format!("{TOPICS}/alerts/test"), &json!({})).await.status, 403);
    assert!(rig.stop().await);
}
