//! What each protocol's subscribers get.

use aws_lc_rs::signature::{self, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use super::receiver::{Receiver, Request};
use super::rig::{Rig, quick, until};
use crate::{Attribute, NotifyConfig, Publication};

const SIGNED: [(&str, &[&str]); 2] = [
    ("Notification", &["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]),
    (
        "SubscriptionConfirmation",
        &["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"],
    ),
];

/// Checks a body's signature as AWS's receivers do.
fn check_signature(rig: &Rig, request: &Request) {
    let body = request.json();
    let kind = body["Type"].as_str().unwrap();
    let (_, names) = SIGNED.iter().find(|(name, _)| *name == kind).unwrap_or(&SIGNED[1]);
    let mut text = String::new();
    for name in *names {
        if let Some(value) = body[name].as_str() {
            text.push_str(&format!("{name}\n{value}\n"));
        }
    }
    let (pem, file_name) = rig.engine.signing_certificate();
    assert_eq!(body["SigningCertURL"], format!("http://127.0.0.1:4566/{file_name}"));
    let (_, pem) = x509_parser::pem::parse_x509_pem(pem.as_bytes()).unwrap();
    let certificate = pem.parse_x509().unwrap();
    let key = certificate.public_key().subject_public_key.data.as_ref();
    let algorithm = match body["SignatureVersion"].as_str().unwrap() {
        "1" => &signature::RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
        "2" => &signature::RSA_PKCS1_2048_8192_SHA256,
        other => panic!("version {other}"),
    };
    let signed = STANDARD.decode(body["Signature"].as_str().unwrap()).unwrap();
    UnparsedPublicKey::new(algorithm, key).verify(text.as_bytes(), &signed).unwrap();
}

async fn confirm(rig: &Rig, request: &Request) -> String {
    let token = request.json()["Token"].as_str().unwrap().to_owned();
    rig.engine.confirm_subscription(&rig.topic, &token, false, false).await.unwrap()
}

#[tokio::test]
async fn an_https_receiver_confirms_and_then_gets_signed_messages() {
    let folder = tempfile::tempdir().unwrap();
    let tasks = picket_core::Tasks::new();
    let receiver = Receiver::tls(&tasks).await;
    let roots = [receiver.root_pem.clone().unwrap()];
    let rig = Rig::with(folder.path(), quick(), &roots).await;
    let subscribed = rig.try_subscribe("https", &receiver.url("/in?key=1"), &[]).await.unwrap();
    assert!(subscribed.is_pending);
    let question = receiver.wait_for(1).await.remove(0);
    assert_eq!(question.path, "/in?key=1");
    assert_eq!(question.header("x-amz-sns-message-type"), "SubscriptionConfirmation");
    assert_eq!(question.header("x-amz-sns-subscription-arn"), "");
    check_signature(&rig, &question);
    let body = question.json();
    let expected = format!(
        "http://127.0.0.1:4566/?Action=ConfirmSubscription&TopicArn={}&Token={}",
        rig.topic,
        body["Token"].as_str().unwrap()
    );
    assert_eq!(body["SubscribeURL"], expected);
    // Nothing before it has confirmed.
    rig.publish("too early").await;
    let arn = confirm(&rig, &question).await;
    assert_eq!(arn, subscribed.arn);
    for version in ["1", "2"] {
        rig.engine.set_topic_attribute(&rig.topic, "SignatureVersion", version).await.unwrap();
        let publication = Publication {
            subject: Some("Über \"alles\"".to_owned()),
            message: format!("{{\"n\":\"{version}\"}}"),
            ..Publication::default()
        };
        let id = rig.engine.publish(&rig.topic, publication).await.unwrap();
        let count = 1 + version.parse::<usize>().unwrap();
        let came = receiver.wait_for(count).await.remove(count - 1);
        check_signature(&rig, &came);
        let body = came.json();
        assert_eq!(body["MessageId"], id);
        assert_eq!(body["Message"], format!("{{\"n\":\"{version}\"}}"));
        assert_eq!(body["SignatureVersion"], version);
        assert_eq!(came.header("x-amz-sns-message-id"), id);
        assert_eq!(came.header("x-amz-sns-subscription-arn"), arn);
        assert_eq!(came.header("x-amz-sns-rawdelivery"), "");
        assert_eq!(came.header("content-type"), "text/plain; charset=UTF-8");
        assert_eq!(came.header("user-agent"), "Amazon Simple Notification Service Agent");
    }
    let ledger = rig.settled().await;
    assert_eq!((ledger.delivered, rig.view(&arn).tally.delivered), (3, 3));
    rig.stop().await;
}

#[tokio::test]
async fn raw_delivery_brings_the_message_alone() {
    let folder = tempfile::tempdir().unwrap();
    let rig = Rig::new(folder.path()).await;
    let receiver = Receiver::plain(&rig.tasks).await;
    let policy = r#"{"requestPolicy":{"headerContentType":"application/json"}}"#;
    let attributes = [("RawMessageDelivery", "true"), ("DeliveryPolicy", policy)];
    rig.subscribe("http", &receiver.url("/"), &attributes).await;
    let question = receiver.wait_for(1).await.remove(0);
    assert_eq!(question.header("content-type"), "text/plain; charset=UTF-8");
    confirm(&rig, &question).await;
    rig.publish(r#"{"a":1}"#).await;
    let came = receiver.wait_for(2).await.remove(1);
    assert_eq!(came.body, r#"{"a":1}"#);
    assert_eq!(came.header("x-amz-sns-rawdelivery"), "true");
    assert_eq!(came.header("content-type"), "application/json");
    rig.stop().await;
}

#[tokio::test]
async fn whoever_leaves_is_told_and_can_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let rig = Rig::new(folder.path()).await;
    let receiver = Receiver::plain(&rig.tasks).await;
    let arn = rig.subscribe("http", &receiver.url("/"), &[]).await;
    confirm(&rig, &receiver.wait_for(1).await[0]).await;
    rig.engine.unsubscribe(&arn, false).await.unwrap();
    let farewell = receiver.wait_for(2).await.remove(1);
    assert_eq!(farewell.header("x-amz-sns-message-type"), "UnsubscribeConfirmation");
    check_signature(&rig, &farewell);
    assert!(rig.engine.subscription_views().is_empty());
    assert!(rig.engine.unsubscribe(&arn, true).await.is_err());
    rig.publish("not for those who left").await;
    assert_eq!(confirm(&rig, &farewell).await, arn);
    rig.publish("for those who are back").await;
    let came = receiver.wait_for(3).await.remove(2);
    assert_eq!(came.json()["Message"], "for those who are back");
    rig.stop().await;
}

#[tokio::test]
async fn a_webhook_gets_the_message_as_it_is_with_a_signature_over_it() {
    let folder = tempfile::tempdir().unwrap();
    let rig = Rig::new(folder.path()).await;
    let receiver = Receiver::plain(&rig.tasks).await;
    let subscribed = rig.try_subscribe("webhook", &receiver.url("/hook"), &[]).await.unwrap();
    assert!(!subscribed.is_pending);
    let secret = subscribed.secret.unwrap();
    let id = rig.publish(r#"{"behavior":"x"}"#).await;
    rig.publish("plain text").await;
    let came = receiver.wait_for(2).await;
    let json = came.iter().find(|it| it.body.starts_with('{')).unwrap();
    assert_eq!(json.body, r#"{"behavior":"x"}"#);
    assert_eq!(json.header("content-type"), "application/json");
    assert_eq!(json.header("x-picket-event-id"), id);
    assert_eq!(json.header("x-picket-topic"), rig.topic);
    assert_eq!(json.header("x-picket-attempt"), "1");
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).unwrap();
    mac.update(format!("{}.{}", json.header("x-picket-timestamp"), json.body).as_bytes());
    let expected = format!("v1={}", hex::encode(mac.finalize().into_bytes()));
    assert_eq!(json.header("x-picket-signature"), expected);
    let text = came.iter().find(|it| it.body == "plain text").unwrap();
    assert_eq!(text.header("content-type"), "text/plain; charset=utf-8");
    // The secret is shown once.
    let again = rig.try_subscribe("webhook", &receiver.url("/hook"), &[]).await.unwrap();
    assert_eq!((again.arn.as_str(), again.secret), (subscribed.arn.as_str(), None));
    let attributes = rig.engine.subscription_attributes(&subscribed.arn).unwrap();
    assert!(!attributes.values().any(|value| value.contains(secret.expose())), "{attributes:?}");
    rig.stop().await;
}

#[tokio::test]
async fn mqtt_topics_and_streams_get_the_message_in_their_forms() {
    let folder = tempfile::tempdir().unwrap();
    let rig = Rig::new(folder.path()).await;
    rig.subscribe("mqtt", "alerts/all", &[]).await;
    let stream = "arn:aws:firehose:us-east-1:000000000000:deliverystream/out";
    let role = [("SubscriptionRoleArn", "arn:aws:iam::000000000000:role/x")];
    let to_stream = rig.subscribe("firehose", stream, &role).await;
    let publication = Publication {
        message: json!({"default": "d", "mqtt": "m"}).to_string(),
        is_structured: true,
        attributes: [(
            "k".to_owned(),
            Attribute { data_type: "String".to_owned(), value: "v".to_owned() },
        )]
        .into(),
        ..Publication::default()
    };
    let id = rig.engine.publish(&rig.topic, publication).await.unwrap();
    rig.settled().await;
    let published = rig.outlet.published.lock().clone();
    assert_eq!(published.len(), 1);
    assert_eq!((&*published[0].topic, &published[0].payload[..]), ("alerts/all", &b"m"[..]));
    assert!(published[0].properties.user.contains(&("picket-event-id".to_owned(), id.clone())));
    let records = rig.outlet.records.lock().clone();
    let (name, record) = &records[0];
    assert_eq!((records.len(), name.as_str()), (1, "out"));
    let body: Value = serde_json::from_slice(&record.data).unwrap();
    let names: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "Type",
        "MessageId",
        "TopicArn",
        "Message",
        "Timestamp",
        "UnsubscribeURL",
        "MessageAttributes",
    ];
    assert_eq!(names, expected);
    assert_eq!(body["Message"], "d");
    assert_eq!(body["MessageAttributes"], json!({"k": {"Type": "String", "Value": "v"}}));
    assert!(body["UnsubscribeURL"].as_str().unwrap().ends_with(&to_stream));
    rig.stop().await;
}

#[tokio::test]
async fn only_those_get_a_message_whose_filter_policy_wants_it() {
    let folder = tempfile::tempdir().unwrap();
    let rig = Rig::new(folder.path()).await;
    let in_alarm = r#"{"violationEventType":["in-alarm"]}"#;
    let by_body = [("FilterPolicy", in_alarm), ("FilterPolicyScope", "MessageBody")];
    rig.subscribe("mqtt", "alarms", &by_body).await;
    let by_attribute = [("FilterPolicy", r#"{"site":[{"prefix":"we"}]}"#)];
    rig.subscribe("mqtt", "west", &by_attribute).await;
    let publish = |message: &str, site: &str| {
        let value = site.to_owned();
        let attribute = Attribute { data_type: "String".to_owned(), value };
        let publication = Publication {
            message: message.to_owned(),
            attributes: [("site".to_owned(), attribute)].into(),
            ..Publication::default()
        };
        rig.engine.publish(&rig.topic, publication)
    };
    publish(r#"{"violationEventType":"in-alarm"}"#, "east").await.unwrap();
    publish(r#"{"violationEventType":"alarm-cleared"}"#, "west").await.unwrap();
    publish("text", "north").await.unwrap();
    let ledger = rig.settled().await;
    assert_eq!(ledger.delivered, 2);
    let mut topics: Vec<String> =
        rig.outlet.published.lock().iter().map(|it| it.topic.to_string()).collect();
    topics.sort();
    assert_eq!(topics, ["alarms", "west"]);
    rig.stop().await;
}

#[tokio::test]
async fn the_same_deduplication_id_is_one_message() {
    let folder = tempfile::tempdir().unwrap();
    let config = NotifyConfig { deduplication_hours: 1, ..quick() };
    let rig = Rig::with(folder.path(), config, &[]).await;
    rig.subscribe("mqtt", "t", &[]).await;
    let publish = |id: &str| {
        let publication = Publication {
            message: "m".to_owned(),
            deduplication_id: Some(id.to_owned()),
            ..Publication::default()
        };
        rig.engine.publish(&rig.topic, publication)
    };
    let same = futures::future::join_all((0..20).map(|_| publish("a"))).await;
    let first = same[0].as_ref().unwrap().clone();
    assert!(same.iter().all(|id| id.as_ref().unwrap() == &first));
    assert_ne!(publish("b").await.unwrap(), first);
    rig.settled().await;
    assert_eq!(rig.outlet.published.lock().len(), 2);
    // Some hours later it is another message.
    rig.clock.advance(std::time::Duration::from_secs(3_601));
    assert_ne!(publish("a").await.unwrap(), first);
    rig.engine.sweep().await.unwrap();
    until("the third", || rig.outlet.published.lock().len() == 3).await;
    rig.stop().await;
}
