//! Topics and subscriptions by themselves.

use std::collections::BTreeMap;
use std::time::Duration;

use picket_ports::{Notification, Notify as _, NotifyError};

use super::receiver::Receiver;
use super::rig::{Rig, quick};
use crate::{NotifyConfig, TopicError};

#[tokio::test]
async fn the_same_topic_is_there_once_and_other_attributes_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let rig = Rig::with(folder.path(), NotifyConfig { topics_max: 2, ..quick() }, &[]).await;
    let none = BTreeMap::new;
    let again = rig.engine.create_topic("alerts", none(), Vec::new()).await.unwrap();
    assert_eq!(again, rig.topic);
    let other = BTreeMap::from([("DisplayName".to_owned(), "x".to_owned())]);
    assert!(rig.engine.create_topic("alerts", other, Vec::new()).await.is_err());
    for name in ["", "a b", "x.fifo", &"x".repeat(257)] {
        assert!(rig.engine.create_topic(name, none(), Vec::new()).await.is_err(), "{name}");
    }
    rig.engine.create_topic("second", none(), Vec::new()).await.unwrap();
    let third = rig.engine.create_topic("third", none(), Vec::new()).await;
    assert!(matches!(third, Err(TopicError::TooManyTopics(2))));
    rig.stop().await;
}

#[tokio::test]
async fn a_deleted_topic_takes_its_subscriptions_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let rig = Rig::new(folder.path()).await;
    let arn = rig.subscribe("mqtt", "t", &[]).await;
    rig.engine.delete_topic(&rig.topic).await.unwrap();
    rig.engine.delete_topic(&rig.topic).await.unwrap();
    assert!(matches!(
        rig.engine.subscription_attributes(&arn),
        Err(TopicError::NoSuchSubscription(_))
    ));
    assert!(matches!(rig.engine.topic_attributes(&rig.topic), Err(TopicError::NoSuchTopic(_))));
    let lost = Notification {
        topic_arn: rig.topic.clone(),
        message: "m".to_owned(),
        ..Notification::default()
    };
    assert!(matches!(rig.engine.notify(lost).await, Err(NotifyError::NoSuchTopic(_))));
    assert_eq!(rig.engine.ledger().dropped.get("no_such_topic"), Some(&1));
    assert!(matches!(rig.engine.topic_attributes("nonsense"), Err(TopicError::Invalid(_))));
    rig.stop().await;
}

#[tokio::test]
async fn a_subscription_that_nobody_confirms_expires() {
    let folder = tempfile::tempdir().unwrap();
    let rig = Rig::new(folder.path()).await;
    let receiver = Receiver::plain(&rig.tasks).await;
    rig.subscribe("http", &receiver.url("/"), &[]).await;
    let token = receiver.wait_for(1).await[0].json()["Token"].as_str().unwrap().to_owned();
    for bad in ["", "x", &"0".repeat(64), &"x".repeat(1_000)] {
        let confirmed = rig.engine.confirm_subscription(&rig.topic, bad, false, false).await;
        assert!(confirmed.is_err(), "{bad}");
    }
    rig.clock.advance(Duration::from_secs(2 * 24 * 3_600));
    let late = rig.engine.confirm_subscription(&rig.topic, &token, false, false).await;
    assert!(late.unwrap_err().to_string().contains("expired"));
    rig.engine.sweep().await.unwrap();
    assert!(rig.engine.subscription_views().is_empty());
    rig.stop().await;
}

#[tokio::test]
async fn whoever_confirms_with_a_signature_can_ask_for_one_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let rig = Rig::new(folder.path()).await;
    let receiver = Receiver::plain(&rig.tasks).await;
    let arn = rig.subscribe("http", &receiver.url("/"), &[]).await;
    let token = receiver.wait_for(1).await[0].json()["Token"].as_str().unwrap().to_owned();
    let confirm = |guarded| rig.engine.confirm_subscription(&rig.topic, &token, guarded, true);
    assert_eq!(confirm(true).await.unwrap(), arn);
    assert_eq!(confirm(true).await.unwrap(), arn);
    let refused = rig.engine.unsubscribe(&arn, false).await;
    assert!(matches!(refused, Err(TopicError::NotAuthorized(_))));
    rig.engine.unsubscribe(&arn, true).await.unwrap();
    rig.stop().await;
}

#[tokio::test]
async fn bad_subscriptions_are_refused_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let rig = Rig::with(folder.path(), NotifyConfig { subscriptions_max: 1, ..quick() }, &[]).await;
    for (protocol, endpoint, attribute, words) in [
        ("sqs", "arn", ("", ""), "no queues here"),
        ("email", "a@b.example", ("", ""), "[notify.smtp]"),
        ("mqtt", "a/+", ("", ""), "wildcard"),
        ("mqtt", "$aws/x", ("", ""), "begins with $"),
        ("https", "http://x.example", ("", ""), "https://"),
        ("webhook", "http://x.example", ("", ""), "notify.allow_hosts"),
        (
            "firehose",
            "arn:aws:firehose:us-east-1:000000000000:deliverystream/x",
            ("", ""),
            "SubscriptionRoleArn",
        ),
        ("mqtt", "t", ("RawMessageDelivery", "true"), "does not support raw"),
        ("mqtt", "t", ("FilterPolicy", "{"), "FilterPolicy"),
        (
            "mqtt",
            "t",
            ("RedrivePolicy", r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:0:q"}"#),
            "queues",
        ),
        ("mqtt", "t", ("Filter", "{}"), "did you mean"),
        ("webhook", "https://x.example", ("WebhookSecret", "short"), "16 to 256"),
    ] {
        let attributes = if attribute.0.is_empty() { vec![] } else { vec![attribute] };
        let error =
            rig.try_subscribe(protocol, endpoint, &attributes).await.unwrap_err().to_string();
        assert!(error.contains(words), "{protocol} {endpoint}: {error}");
    }
    rig.subscribe("mqtt", "one", &[]).await;
    let more = rig.try_subscribe("mqtt", "two", &[]).await;
    assert!(matches!(more, Err(TopicError::TooManySubscriptions(1))));
    rig.stop().await;
}
