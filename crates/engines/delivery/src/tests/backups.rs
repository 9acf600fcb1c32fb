//! What is written to the backup, byte for byte.

use std::sync::Arc;
use std::time::Duration;

use picket_core::{Clock, ManualClock, Timestamp};
use serde_json::json;

use super::collector::{Acks, Act, Collector};
use super::rig::{NATIVE, Rig, STREAM, Setup, document, eventually, lambda, record};
use picket_ports::Delivery;

const NOW: Timestamp = Timestamp::from_millis(1_735_689_721_000);

fn standing_still(collector: &Collector) -> Setup {
    Setup { clock: Arc::new(ManualClock::at(NOW)), ..Setup::to(collector) }
}

#[tokio::test]
async fn a_record_that_cannot_be_delivered_is_written_as_firehose_writes_it() {
    let collector = Collector::start().await;
    collector.usually(Act::Answer(403, r#"{"text":"Invalid token","code":4}"#.to_owned()));
    let members = json!({"RetryOptions": {"DurationInSeconds": 0}});
    let rig = Rig::new(&standing_still(&collector), &document(&collector, members)).await;
    let receipt = rig.put(r#"{"event":"käse"}"#).await.unwrap().remove(0);
    assert_eq!(rig.settled().await.dropped["splunk_failed"], 1);
    let (key, text) = rig.objects().pop().unwrap();
    let digits = receipt.record_id.strip_suffix("000000").unwrap();
    assert_eq!(
        text,
        format!(
            concat!(
                r#"{{"attemptsMade":1,"arrivalTimestamp":1735689600120,"errorCode":"Splunk.InvalidToken","#,
                r#""errorMessage":"the collector answered 403 (code 4, \"Invalid token\"): check HECToken","#,
                r#""attemptEndingTimestamp":1735689721000,"rawData":"eyJldmVudCI6ImvDpHNlIn0=","#,
                r#""subsequenceNumber":0,"EventId":"{}.0"}}"#,
                "\n"
            ),
            digits
        )
    );
    let start = format!("backup/splunk-failed/2025/01/01/00/{STREAM}-1-2025-01-01-00-00-00-");
    let id = key.strip_prefix(&start).unwrap();
    assert!(id.len() == 36 && id.split('-').count() == 5, "{key}");
}

#[tokio::test]
async fn a_record_that_cannot_be_transformed_is_written_alone() {
    let collector = Collector::start().await;
    let members = json!({"ProcessingConfiguration": lambda(NATIVE)});
    let rig = Rig::new(&standing_still(&collector), &document(&collector, members)).await;
    let good = r#"{"metrics":[{"name":"n","thing":"t"}]}"#;
    rig.put_all(&[good, "not JSON", good]).await.unwrap();
    let ledger = rig.settled().await;
    assert_eq!((ledger.delivered, ledger.dropped["processing_failed"]), (2, 1));
    let (key, text) = rig.objects().pop().unwrap();
    assert!(
        key.starts_with("backup/processing-failed/2025/01/01/00/dd-DeliveryStream-1-"),
        "{key}"
    );
    assert_eq!(
        text,
        format!(
            concat!(
                r#"{{"rawData":"bm90IEpTT04=","errorCode":"Lambda.ProcessingFailedStatus","#,
                r#""errorMessage":"the record is not JSON; send one JSON document a record","attemptsMade":1,"#,
                r#""arrivalTimestamp":1735689600120,"attemptEndingTimestamp":1735689721000,"lambdaARN":"{}"}}"#,
                "\n"
            ),
            NATIVE
        )
    );
}

#[tokio::test]
async fn all_events_mode_stores_what_came_in_beside_what_is_delivered() {
    let collector = Collector::start().await;
    let s3 = json!({"RoleARN": "r", "BucketARN": "arn:aws:s3:::all", "Prefix": "in/", "CompressionFormat": "GZIP"});
    let members = json!({"S3BackupMode": "AllEvents", "S3Configuration": s3,
        "ProcessingConfiguration": lambda(NATIVE)});
    let rig = Rig::new(&standing_still(&collector), &document(&collector, members)).await;
    let records = [r#"{"metrics":[{"name":"n"}]}"#, "bad"];
    rig.put_all(&records).await.unwrap();
    rig.settled().await;
    let keys: Vec<String> = rig.objects().into_iter().map(|(key, _)| key).collect();
    assert_eq!(keys.len(), 2, "{keys:?}");
    assert!(keys[0].starts_with("all/in/2025/01/01/00/") && keys[0].ends_with(".gz"), "{keys:?}");
    assert!(keys[1].starts_with("all/in/processing-failed/2025/01/01/00/"), "{keys:?}");
    let packed = std::fs::read(rig.dir.path().join("s3").join(&keys[0])).unwrap();
    let source = picket_wire_hec::compression::unpack(&packed, 1000).unwrap();
    assert_eq!(source, records.concat().as_bytes());
    assert_eq!(collector.events().len(), 1);
}

#[tokio::test]
async fn a_batch_that_is_never_acknowledged_is_backed_up_when_its_time_is_over() {
    let collector = Collector::start().await;
    collector.acknowledge(Acks::Never);
    let mut setup = Setup::to(&collector);
    setup.config.ack_timeout_ms = Some(30);
    let members = json!({"RetryOptions": {"DurationInSeconds": 0}});
    let rig = Rig::new(&setup, &document(&collector, members)).await;
    rig.put_all(&[r#"{"event":1}"#, r#"{"event":2}"#]).await.unwrap();
    assert_eq!(rig.settled().await.dropped["splunk_failed"], 2);
    let (_, text) = rig.objects().pop().unwrap();
    assert_eq!(text.matches("Splunk.AckTimeout").count(), 2, "a line for each record: {text}");
}

#[tokio::test]
async fn the_retry_budget_ends_in_the_backup_with_the_count_of_attempts() {
    let collector = Collector::start().await;
    collector.usually(Act::Answer(503, r#"{"text":"Server is busy","code":9}"#.to_owned()));
    let mut setup = Setup::to(&collector);
    setup.config.backoff_ms = 150;
    let members = json!({"RetryOptions": {"DurationInSeconds": 1}});
    let rig = Rig::new(&setup, &document(&collector, members)).await;
    rig.put(r#"{"event":1}"#).await.unwrap();
    rig.settled().await;
    let (_, text) = rig.objects().pop().unwrap();
    let attempts = collector.seen().len();
    assert!((3..=6).contains(&attempts), "{attempts}");
    assert!(text.starts_with(&format!(r#"{{"attemptsMade":{attempts},"#)), "{text}");
    assert!(text.contains("Splunk.IndexerBusy"));
}

#[tokio::test]
async fn delivery_waits_while_the_backup_cannot_be_written() {
    let collector = Collector::start().await;
    collector.usually(Act::Answer(500, String::new()));
    let members = json!({"RetryOptions": {"DurationInSeconds": 0}});
    let rig = Rig::new(&Setup::to(&collector), &document(&collector, members)).await;
    let root = rig.dir.path().join("s3");
    std::fs::write(&root, "in the way").unwrap();
    rig.put(r#"{"event":1}"#).await.unwrap();
    let waits = || rig.status().last_error.is_some_and(|it| it.contains("delivery waits"));
    eventually("the trouble is told", waits).await;
    assert_eq!(rig.engine.ledger().in_flight, 1);
    std::fs::remove_file(&root).unwrap();
    rig.settled().await;
    assert_eq!(rig.objects().len(), 1);
}

#[tokio::test]
async fn a_buffer_is_sent_when_its_interval_is_over_and_not_before() {
    let collector = Collector::start().await;
    let clock = ManualClock::at(NOW);
    let mut setup = Setup { clock: Arc::new(clock.clone()), ..Setup::to(&collector) };
    setup.config.interval_max_ms = None;
    let members = json!({"BufferingHints": {"IntervalInSeconds": 60, "SizeInMBs": 1}});
    let rig = Rig::new(&setup, &document(&collector, members)).await;
    let put = |data: &str| {
        rig.engine.put(STREAM, vec![picket_ports::Record { arrived: clock.now(), ..record(data) }])
    };
    put(r#"{"event":1}"#).await.unwrap();
    clock.advance(Duration::from_secs(30));
    put(r#"{"event":2}"#).await.unwrap();
    clock.advance(Duration::from_millis(29_999));
    // One look at the clock happens at least every 100 ms; three of them show that nothing is due.
    tokio::time::timeout(
        Duration::from_millis(300),
        eventually("never", || !collector.seen().is_empty()),
    )
    .await
    .expect_err("nothing may be sent yet");
    clock.advance(Duration::from_millis(1));
    assert_eq!(rig.settled().await.delivered, 2);
    assert_eq!(collector.seen().len(), 1, "both in one request");
}

#[tokio::test]
async fn a_buffer_is_sent_at_its_size_without_waiting() {
    let collector = Collector::start().await;
    let mut setup = standing_still(&collector);
    setup.config.interval_max_ms = None;
    let members = json!({"BufferingHints": {"IntervalInSeconds": 60, "SizeInMBs": 1}});
    let rig = Rig::new(&setup, &document(&collector, members)).await;
    let event = format!(r#"{{"event":"{}"}}"#, "x".repeat(399_988));
    let now = |data: &str| picket_ports::Record { arrived: NOW, ..record(data) };
    rig.engine.put(STREAM, vec![now(&event), now(&event), now(&event)]).await.unwrap();
    eventually("two fit and are sent", || rig.engine.ledger().delivered == 2).await;
    let sizes: Vec<usize> = collector.seen().iter().map(|request| request.body.len()).collect();
    assert_eq!(sizes, [800_000]);
    assert_eq!(rig.engine.backlog(), 1);
}
