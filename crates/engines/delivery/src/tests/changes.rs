//! Streams that change while they run.

use picket_core::{Clock, SystemClock};
use picket_ports::Delivery;
use picket_ports::registry::{DocumentKind, Documents};
use serde_json::json;

use super::collector::{Acks, Act, Collector};
use super::rig::{Rig, STREAM, Setup, document, eventually, record};

#[tokio::test]
async fn streams_appear_and_disappear_without_a_restart() {
    let collector = Collector::start().await;
    let body = document(&collector, json!({}));
    let rig = Rig::new(&Setup::to(&collector), &body).await;
    let kind = DocumentKind::DeliveryStream;
    rig.registry.create_document(kind, "second", &body, SystemClock.now()).await.unwrap();
    eventually("it is there", || rig.engine.streams() == [STREAM, "second"]).await;
    rig.engine.put("second", vec![record(r#"{"event":1}"#)]).await.unwrap();
    assert_eq!(rig.settled().await.delivered, 1);
    rig.registry.delete_document(kind, "second").await.unwrap();
    eventually("it is gone", || rig.engine.streams() == [STREAM]).await;
    assert!(rig.engine.put("second", vec![record("x")]).await.is_err());
    assert_eq!(rig.engine.ledger().delivered, 1, "the account remembers it");
}

#[tokio::test]
async fn a_deleted_streams_records_go_to_the_backup() {
    let collector = Collector::start().await;
    collector.usually(Act::Answer(503, String::new()));
    let body = document(&collector, json!({}));
    let rig = Rig::new(&Setup::to(&collector), &body).await;
    rig.put_all(&["one", "two"]).await.unwrap();
    eventually("they are tried", || !collector.seen().is_empty()).await;
    let kind = DocumentKind::DeliveryStream;
    rig.registry.delete_document(kind, STREAM).await.unwrap();
    let ledger = rig.settled().await;
    assert_eq!(ledger.dropped["stream_deleted"], 2);
    let (_, text) = rig.objects().pop().unwrap();
    assert_eq!(text.matches("Picket.StreamDeleted").count(), 2, "{text}");
    collector.usually(Act::Accept);
    rig.registry.create_document(kind, STREAM, &body, SystemClock.now()).await.unwrap();
    eventually("it is there again", || rig.engine.streams() == [STREAM]).await;
    rig.put(r#"{"event":3}"#).await.unwrap();
    rig.settled().await;
    assert_eq!(collector.events(), ["3"]);
}

#[tokio::test]
async fn what_a_deleted_stream_left_behind_is_backed_up_at_the_next_start() {
    let collector = Collector::start().await;
    collector.acknowledge(Acks::Never);
    let setup = Setup::to(&collector);
    let rig = Rig::new(&setup, &document(&collector, json!({}))).await;
    rig.put("left behind").await.unwrap();
    let dir = rig.kill();
    let registry =
        picket_sqlite::SqliteRegistry::open(dir.path().join("registry.db")).await.unwrap();
    registry.delete_document(DocumentKind::DeliveryStream, STREAM).await.unwrap();
    drop(registry);
    let rig = Rig::open(&setup, dir).await;
    assert_eq!(rig.settled().await.dropped["stream_deleted"], 1);
    let (key, _) = rig.objects().pop().unwrap();
    assert!(key.starts_with("deleted-delivery-streams/splunk-failed/"), "{key}");
}

#[tokio::test]
async fn a_new_token_rescues_what_is_being_retried() {
    let collector = Collector::start().await;
    collector.usually(Act::Answer(403, r#"{"text":"Invalid token","code":4}"#.to_owned()));
    let mut setup = Setup::to(&collector);
    setup.config.backoff_ms = 20_000;
    let rig = Rig::new(&setup, &document(&collector, json!({}))).await;
    rig.put(r#"{"event":1}"#).await.unwrap();
    eventually("it was refused", || rig.status().failed_requests == 1).await;
    collector.usually(Act::Accept);
    rig.redefine(&document(&collector, json!({"HECToken": "new-token"}))).await;
    assert_eq!(rig.settled().await.delivered, 1);
    assert_eq!(collector.seen().pop().unwrap().headers["authorization"], "Splunk new-token");
}

#[tokio::test]
async fn a_bad_document_leaves_the_stream_as_it_was_and_is_reported() {
    let collector = Collector::start().await;
    let rig = Rig::new(&Setup::to(&collector), &document(&collector, json!({}))).await;
    rig.redefine(&document(&collector, json!({"HECTokn": "x"}))).await;
    eventually("it is reported", || !rig.status().problems.is_empty()).await;
    assert!(rig.status().problems[0].ends_with("did you mean `HECToken`?"), "{:?}", rig.status());
    rig.put(r#"{"event":1}"#).await.unwrap();
    assert_eq!(rig.settled().await.delivered, 1);
}

#[tokio::test]
async fn a_stream_to_a_forbidden_address_takes_no_records_until_it_is_mended() {
    let collector = Collector::start().await;
    let hostile = json!({"HECEndpoint": "https://169.254.169.254/"});
    let rig = Rig::new(&Setup::to(&collector), &document(&collector, hostile)).await;
    let error = rig.put("x").await.unwrap_err();
    assert!(error.to_string().contains("169.254.169.254 is a link-local"), "{error}");
    assert_eq!(rig.status().endpoint, None);
    rig.redefine(&document(&collector, json!({}))).await;
    eventually("it runs", || rig.status().problems.is_empty()).await;
    rig.put(r#"{"event":1}"#).await.unwrap();
    assert_eq!(rig.settled().await.delivered, 1);
}
