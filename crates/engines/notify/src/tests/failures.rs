//! Receivers that are down, slow, hostile or gone.

use std::time::Duration;

use tokio::net::TcpListener;

use super::receiver::{Manner, Receiver};
use super::rig::{Rig, quick, until};
use crate::{NotifyConfig, Publication};

#[tokio::test]
async fn a_receiver_that_is_down_gets_everything_when_it_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let rig = Rig::new(folder.path()).await;
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    drop(socket);
    let arn = rig.subscribe("webhook", &format!("http://{address}/"), &[]).await;
    let mut ids = Vec::new();
    for n in 0..20 {
        ids.push(rig.publish(&n.to_string()).await);
    }
    until("a failure", || rig.view(&arn).tally.last_error.is_some()).await;
    assert_eq!(rig.view(&arn).waiting, 20);
    let receiver = Receiver::back_at(address, &rig.tasks).await;
    let came = receiver.wait_for(20).await;
    rig.settled().await;
    let mut came: Vec<String> =
        came.iter().map(|it| it.header("x-picket-event-id").to_owned()).collect();
    came.sort();
    ids.sort();
    assert_eq!(came, ids);
    let view = rig.view(&arn);
    assert_eq!((view.tally.delivered, view.tally.last_error, view.waiting), (20, None, 0));
    rig.stop().await;
}

#[tokio::test]
async fn a_dead_receiver_holds_up_no_other() {
    let folder = tempfile::tempdir().unwrap();
    // Eight places in all, and receivers that take as many as they can get and never answer.
    let config = NotifyConfig { attempts_max: 8, attempt_timeout_ms: 300, ..quick() };
    let rig = Rig::with(folder.path(), config, &[]).await;
    let dead = Receiver::plain(&rig.tasks).await;
    dead.answers(Manner::Silence);
    for n in 0..3 {
        rig.subscribe("webhook", &dead.url(&format!("/{n}")), &[]).await;
    }
    let well = Receiver::plain(&rig.tasks).await;
    rig.subscribe("webhook", &well.url("/"), &[]).await;
    for n in 0..50 {
        rig.publish(&n.to_string()).await;
    }
    assert_eq!(well.wait_for(50).await.len(), 50);
    until("the books", || rig.engine.ledger().delivered == 50).await;
    rig.stop().await;
}

#[tokio::test]
async fn what_a_receiver_refuses_is_given_up_with_the_reason_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let rig = Rig::with(folder.path(), NotifyConfig { failed_max: 2, ..quick() }, &[]).await;
    let receiver = Receiver::plain(&rig.tasks).await;
    receiver.answers(Manner::Status(403));
    let arn = rig.subscribe("webhook", &receiver.url("/"), &[]).await;
    for n in 0..3 {
        rig.publish(&format!("message {n}")).await;
        rig.settled().await;
    }
    let ledger = rig.engine.ledger();
    assert_eq!(ledger.dropped.get("refused"), Some(&3), "{ledger:?}");
    assert_eq!(receiver.requests().len(), 3);
    let kept = rig.engine.undelivered(&arn).await.unwrap();
    let messages: Vec<&str> = kept.iter().map(|it| it.message.as_str()).collect();
    assert_eq!(messages, ["message 1", "message 2"]);
    assert_eq!((kept[0].attempts, kept[0].error.as_str()), (1, "HTTP 403: said"));
    assert_eq!(rig.view(&arn).tally.failed, 3);
    rig.stop().await;
}

#[tokio::test]
async fn retries_end_where_the_policy_says() {
    let folder = tempfile::tempdir().unwrap();
    let rig = Rig::new(folder.path()).await;
    let receiver = Receiver::plain(&rig.tasks).await;
    receiver.answers(Manner::Status(503));
    let policy = r#"{"healthyRetryPolicy":{"minDelayTarget":1,"maxDelayTarget":2,"numRetries":5,"numNoDelayRetries":1}}"#;
    let arn = rig.subscribe("webhook", &receiver.url("/"), &[("DeliveryPolicy", policy)]).await;
    rig.publish("m").await;
    let ledger = rig.settled().await;
    assert_eq!(ledger.dropped.get("refused_for_now"), Some(&1), "{ledger:?}");
    let attempts: Vec<String> =
        receiver.requests().iter().map(|it| it.header("x-picket-attempt").to_owned()).collect();
    assert_eq!(attempts, ["1", "2", "3", "4", "5", "6"]);
    assert_eq!(rig.engine.undelivered(&arn).await.unwrap()[0].attempts, 6);
    rig.stop().await;
}

#[tokio::test]
async fn what_is_given_up_goes_where_the_redrive_policy_says() {
    let folder = tempfile::tempdir().unwrap();
    let rig = Rig::new(folder.path()).await;
    let receiver = Receiver::plain(&rig.tasks).await;
    receiver.answers(Manner::Status(410));
    let redrive =
        r#"{"deadLetterTargetArn":"arn:aws:firehose:us-east-1:000000000000:deliverystream/lost"}"#;
    rig.subscribe("webhook", &receiver.url("/"), &[("RedrivePolicy", redrive)]).await;
    let id = rig.publish("m").await;
    rig.settled().await;
    let records = rig.outlet.records.lock().clone();
    assert_eq!((records.len(), records[0].0.as_str()), (1, "lost"));
    assert!(String::from_utf8_lossy(&records[0].1.data).contains(&id));
    rig.stop().await;
}

#[tokio::test]
async fn garbage_redirects_and_answers_without_end_are_failures_or_nothing_worse() {
    let folder = tempfile::tempdir().unwrap();
    let config = NotifyConfig { attempt_timeout_ms: 500, ..quick() };
    let rig = Rig::with(folder.path(), config, &[]).await;
    let receiver = Receiver::plain(&rig.tasks).await;
    let once = r#"{"healthyRetryPolicy":{"numRetries":0}}"#;
    rig.subscribe("webhook", &receiver.url("/"), &[("DeliveryPolicy", once)]).await;
    let mut large = b"HTTP/1.1 500 X\r\ncontent-length: 9000000\r\n\r\n".to_vec();
    large.extend(vec![b'x'; 100_000]);
    for (manner, reason) in [
        (Manner::Bytes(b"\x00\xff garbage".to_vec()), "no_answer"),
        (Manner::Bytes(Vec::new()), "no_answer"),
        (Manner::Bytes(b"HTTP/1.1 99999 X\r\n\r\n".to_vec()), "no_answer"),
        (
            Manner::Bytes(b"HTTP/1.1 302 X\r\nlocation: http://127.0.0.1/\r\n\r\n".to_vec()),
            "redirected",
        ),
        (Manner::Bytes(large), "refused_for_now"),
        (Manner::Silence, "timeout"),
    ] {
        receiver.answers(manner.clone());
        let before = rig.engine.ledger().dropped.get(reason).copied().unwrap_or(0);
        rig.publish("m").await;
        let ledger = rig.settled().await;
        assert_eq!(ledger.dropped.get(reason), Some(&(before + 1)), "{manner:?}: {ledger:?}");
    }
    // What comes after a good status does not matter, nor how long it goes on.
    receiver.answers(Manner::Drip);
    rig.publish("m").await;
    assert_eq!(rig.settled().await.delivered, 1);
    rig.stop().await;
}

#[tokio::test]
async fn addresses_inside_are_refused_as_endpoints_and_when_a_name_points_to_them() {
    let folder = tempfile::tempdir().unwrap();
    let config = NotifyConfig { allow_hosts: Vec::new(), ..quick() };
    let rig = Rig::with(folder.path(), config, &[]).await;
    for (protocol, endpoint) in [
        ("https", "https://127.0.0.1/x"),
        ("http", "http://169.254.169.254/latest/meta-data"),
        ("webhook", "https://[::1]:9/"),
        ("webhook", "https://10.0.0.1/"),
        ("https", "https://user:pass@hooks.example/"),
    ] {
        let error = rig.try_subscribe(protocol, endpoint, &[]).await.unwrap_err().to_string();
        assert!(error.contains("Endpoint"), "{endpoint}: {error}");
    }
    let receiver = Receiver::plain(&rig.tasks).await;
    let endpoint = format!("https://localhost:{}/", receiver.address.port());
    let arn = rig.subscribe("webhook", &endpoint, &[]).await;
    rig.publish("m").await;
    let ledger = rig.settled().await;
    assert_eq!(ledger.dropped.get("refused_address"), Some(&1), "{ledger:?}");
    let error = rig.view(&arn).tally.last_error.unwrap();
    assert!(error.contains("notify.allow_hosts"), "{error}");
    assert!(receiver.requests().is_empty());
    rig.stop().await;
}

#[tokio::test]
async fn more_than_can_wait_is_dropped_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let config = NotifyConfig { waiting_max: 5, retry_pace_permille: 1_000, ..quick() };
    let rig = Rig::with(folder.path(), config, &[]).await;
    let receiver = Receiver::plain(&rig.tasks).await;
    receiver.answers(Manner::Status(500));
    let arn = rig.subscribe("webhook", &receiver.url("/"), &[]).await;
    for n in 0..8 {
        rig.publish(&n.to_string()).await;
    }
    let ledger = rig.engine.ledger();
    assert_eq!((ledger.received, ledger.dropped.get("waiting_full")), (8, Some(&3)));
    assert_eq!(rig.view(&arn).waiting, 5);
    // Those who have left are not waited for.
    rig.engine.unsubscribe(&arn, true).await.unwrap();
    rig.clock.advance(Duration::from_secs(3_600));
    rig.engine.start("");
    let ledger = rig.settled().await;
    assert_eq!(ledger.dropped.get("unsubscribed"), Some(&5), "{ledger:?}");
    rig.engine.sweep().await.unwrap();
    rig.stop().await;
}

#[tokio::test]
async fn a_throttled_receiver_gets_no_more_than_it_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let rig = Rig::new(folder.path()).await;
    let receiver = Receiver::plain(&rig.tasks).await;
    let policy = r#"{"throttlePolicy":{"maxReceivesPerSecond":20}}"#;
    rig.subscribe("webhook", &receiver.url("/"), &[("DeliveryPolicy", policy)]).await;
    let started = std::time::Instant::now();
    for n in 0..6 {
        rig.publish(&n.to_string()).await;
    }
    receiver.wait_for(6).await;
    assert!(started.elapsed() >= Duration::from_millis(240), "{:?}", started.elapsed());
    rig.stop().await;
}

#[tokio::test]
async fn hostile_messages_are_refused_and_hostile_texts_delivered_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let rig = Rig::new(folder.path()).await;
    let receiver = Receiver::plain(&rig.tasks).await;
    rig.subscribe("webhook", &receiver.url("/"), &[]).await;
    for message in [String::new(), "x".repeat(262_145)] {
        let publication = Publication { message, ..Publication::default() };
        assert!(rig.engine.publish(&rig.topic, publication).await.is_err());
    }
    let odd = "\u{0}\r\n\u{202e}</script>\u{1f600}";
    rig.publish(odd).await;
    assert_eq!(receiver.wait_for(1).await[0].body, odd);
    rig.stop().await;
}
