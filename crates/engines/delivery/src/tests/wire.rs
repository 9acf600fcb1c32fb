//! What goes over the wire, and what is done about its answers.

use serde_json::json;

use super::collector::{Acks, Act, Collector};
use super::rig::{NATIVE, Rig, Setup, document, eventually, lambda, record};
use picket_ports::Delivery;

const METRICS: &str = r#"{"version":"1.0","metrics":[{"name":"aws:num-listening-tcp-ports","thing":"dev-01","value":{"count":6},"timestamp":1735689600000},{"name":"aws:listening-tcp-ports","thing":"dev-01","value":{"ports":[22,21]},"timestamp":1735689600000}]}"#;
const EVENTS: &str = r#"{"sourcetype": "aws-iot-device-defender", "event": {"name": "aws:num-listening-tcp-ports", "thing": "dev-01", "value": {"count": 6}, "timestamp": 1735689600000}}{"sourcetype": "aws-iot-device-defender", "event": {"name": "aws:listening-tcp-ports", "thing": "dev-01", "value": {"ports": [22, 21]}, "timestamp": 1735689600000}}"#;

fn busy() -> Act {
    Act::Answer(503, r#"{"text":"Server is busy","code":9}"#.to_owned())
}

#[tokio::test]
async fn a_metrics_export_arrives_as_in_the_worked_example() {
    let collector = Collector::start().await;
    let body = document(&collector, json!({"ProcessingConfiguration": lambda(NATIVE)}));
    let rig = Rig::new(&Setup::to(&collector), &body).await;
    let receipts = rig.put(METRICS).await.unwrap();
    assert_eq!(receipts[0].record_id.len(), 62);
    let ledger = rig.settled().await;
    assert_eq!((ledger.received, ledger.delivered), (1, 1));
    let request = collector.seen().pop().unwrap();
    assert_eq!(request.body, EVENTS.as_bytes());
    assert_eq!(request.path, "/services/collector/event");
    assert_eq!(request.headers["authorization"], "Splunk secret-token");
    assert_eq!(request.headers["content-type"], "application/json");
    assert!(request.headers["user-agent"].starts_with("picket/"));
    assert!(
        picket_wire_hec::Channel::parse(&request.headers["x-splunk-request-channel"]).is_some()
    );
    assert!(!request.headers.contains_key("content-encoding"));
    assert_eq!(rig.objects(), []);
}

#[tokio::test]
async fn only_our_own_collector_gets_time_id_and_trace() {
    let collector = Collector::start().await;
    let members = json!({"ProcessingConfiguration": lambda(NATIVE), "HECEndpoint": "picket://hec"});
    let mut setup = Setup::to(&collector);
    setup.config.allow_hosts.clear();
    setup.config.own_hec = Some(collector.url());
    let rig = Rig::new(&setup, &document(&collector, members)).await;
    rig.put(METRICS).await.unwrap();
    rig.settled().await;
    assert_eq!(
        collector.field("picket_id"),
        [
            "dev-01|aws:num-listening-tcp-ports|1735689600000|",
            "dev-01|aws:listening-tcp-ports|1735689600000|"
        ]
    );
    assert_eq!(collector.field("picket_trace"), ["reports/3/42"; 2]);
    assert!(collector.events().iter().all(|event| !event.contains("picket")));
    assert_eq!(rig.status().endpoint, Some(collector.url()));
}

#[tokio::test]
async fn records_without_a_transform_go_back_to_back_and_empty_ones_send_nothing() {
    let collector = Collector::start().await;
    let rig = Rig::new(&Setup::to(&collector), &document(&collector, json!({}))).await;
    rig.put_all(&["", " \n"]).await.unwrap();
    rig.settled().await;
    assert!(collector.seen().is_empty(), "nothing is posted for nothing");
    rig.put_all(&[r#"{"event":1}"#, "", r#"{"event":"b"}"#]).await.unwrap();
    let ledger = rig.settled().await;
    assert_eq!((ledger.received, ledger.delivered), (5, 5));
    assert_eq!(collector.seen().pop().unwrap().body, r#"{"event":1}{"event":"b"}"#.as_bytes());
}

#[tokio::test]
async fn raw_lines_go_to_the_raw_endpoint_packed_when_asked() {
    let collector = Collector::start().await;
    let mut setup = Setup::to(&collector);
    setup.config.gzip_level = 1;
    let rig = Rig::new(&setup, &document(&collector, json!({"HECEndpointType": "Raw"}))).await;
    rig.put_all(&["one\n", "two\n"]).await.unwrap();
    rig.settled().await;
    let request = collector.seen().pop().unwrap();
    assert_eq!(
        (request.path.as_str(), &request.body[..]),
        ("/services/collector/raw", &b"one\ntwo\n"[..])
    );
    assert_eq!(request.headers["content-encoding"], "gzip");
    assert_eq!(request.headers["content-type"], "text/plain; charset=utf-8");
}

#[tokio::test]
async fn nothing_counts_as_delivered_before_its_acknowledgement() {
    let collector = Collector::start().await;
    collector.acknowledge(Acks::Never);
    let rig = Rig::new(&Setup::to(&collector), &document(&collector, json!({}))).await;
    rig.put(r#"{"event":1}"#).await.unwrap();
    eventually("it has been sent", || collector.seen().len() == 1).await;
    assert_eq!(rig.engine.ledger().in_flight, 1);
    collector.acknowledge(Acks::After(3));
    let ledger = rig.settled().await;
    assert_eq!((ledger.delivered, collector.seen().len()), (1, 1));
}

#[tokio::test]
async fn a_token_without_acknowledgements_delivers_by_its_200() {
    let collector = Collector::start().await;
    collector.usually(Act::AcceptUnconfirmed);
    let rig = Rig::new(&Setup::to(&collector), &document(&collector, json!({}))).await;
    rig.put(r#"{"event":1}"#).await.unwrap();
    assert_eq!(rig.settled().await.delivered, 1);
    let mut setup = Setup::to(&collector);
    setup.config.require_acks = true;
    let strict = Rig::new(&setup, &document(&collector, json!({}))).await;
    strict.put(r#"{"event":2}"#).await.unwrap();
    assert_eq!(strict.settled().await.dropped["splunk_failed"], 1);
    assert!(strict.objects()[0].1.contains(r#""attemptsMade":1"#), "it does not loop");
    assert!(strict.objects()[0].1.contains("Splunk.DisabledAck"));
}

#[tokio::test]
async fn trouble_that_passes_is_retried() {
    let collector = Collector::start().await;
    collector.script([
        busy(),
        Act::Cut,
        Act::Answer(502, "<html>".to_owned()),
        Act::Answer(403, r#"{"text":"Invalid token","code":4}"#.to_owned()),
        Act::Answer(302, String::new()),
    ]);
    let rig = Rig::new(&Setup::to(&collector), &document(&collector, json!({}))).await;
    rig.put(&format!(r#"{{"event":"{}"}}"#, "x".repeat(500_000))).await.unwrap();
    let ledger = rig.settled().await;
    assert_eq!((ledger.delivered, collector.events().len()), (1, 1));
    let status = rig.status();
    assert_eq!((status.requests, status.failed_requests), (6, 5));
    assert!(
        collector.seen().iter().all(|it| it.path == "/services/collector/event"),
        "no redirect"
    );
}

#[tokio::test]
async fn a_late_acknowledgement_of_an_earlier_attempt_completes_the_batch() {
    let collector = Collector::start().await;
    collector.acknowledge(Acks::Never);
    let mut setup = Setup::to(&collector);
    setup.config.ack_timeout_ms = Some(50);
    setup.config.backoff_ms = 10_000;
    let rig = Rig::new(&setup, &document(&collector, json!({}))).await;
    rig.put(r#"{"event":1}"#).await.unwrap();
    eventually("the time is over", || rig.status().failed_requests == 1).await;
    collector.acknowledge(Acks::AtOnce);
    assert_eq!(rig.settled().await.delivered, 1);
    assert_eq!(collector.seen().len(), 1, "it was not sent again");
}

#[tokio::test]
async fn one_bad_event_is_set_aside_and_the_rest_is_delivered_once() {
    let collector = Collector::start().await;
    let refusal = r#"{"text":"Invalid data format","code":6,"invalid-event-number":1,"ackId":0}"#;
    collector.script([Act::Answer(400, refusal.to_owned()), Act::AcceptAs(1)]);
    let rig = Rig::new(&Setup::to(&collector), &document(&collector, json!({}))).await;
    rig.put_all(&[r#"{"event":"a"}"#, r#"{"event":}"#, r#"{"event":"c"}"#]).await.unwrap();
    let ledger = rig.settled().await;
    assert_eq!((ledger.delivered, ledger.dropped["splunk_failed"]), (2, 1));
    // "a" was taken with the refused request and acknowledged by its id; only "c" is sent again.
    assert_eq!(collector.events(), ["c"]);
    let (_, lines) = rig.objects().pop().unwrap();
    assert_eq!(lines.lines().count(), 1);
    assert!(lines.contains(r#""errorCode":"Splunk.InvalidDataFormat""#));
    assert!(lines.contains(r#""rawData":"eyJldmVudCI6fQ==""#), "{lines}");
}

#[tokio::test]
async fn what_stood_before_a_bad_event_is_sent_again_when_nobody_vouches_for_it() {
    let collector = Collector::start().await;
    let refusal = r#"{"text":"Incorrect index","code":7,"invalid-event-number":2}"#;
    collector.script([Act::Answer(400, refusal.to_owned())]);
    let rig = Rig::new(&Setup::to(&collector), &document(&collector, json!({}))).await;
    rig.put_all(&[r#"{"event":"a"}"#, r#"{"event":"b","index":"x"}"#, r#"{"event":"c"}"#])
        .await
        .unwrap();
    let ledger = rig.settled().await;
    assert_eq!((ledger.delivered, ledger.dropped["splunk_failed"]), (2, 1));
    assert_eq!(collector.events(), ["a", "c"]);
    assert!(rig.objects()[0].1.contains("Splunk.InvalidIndex"));
}

#[tokio::test]
async fn a_body_that_is_too_large_is_halved() {
    let collector = Collector::start().await;
    collector.script([Act::Answer(413, String::new()), Act::Answer(413, String::new())]);
    let rig = Rig::new(&Setup::to(&collector), &document(&collector, json!({}))).await;
    let records: Vec<String> = (0..8).map(|n| format!(r#"{{"event":"{n}"}}"#)).collect();
    rig.put_all(&records.iter().map(String::as_str).collect::<Vec<_>>()).await.unwrap();
    assert_eq!(rig.settled().await.delivered, 8);
    assert_eq!(collector.events(), ["0", "1", "2", "3", "4", "5", "6", "7"]);
    assert_eq!(collector.seen().len(), 5, "8 refused, 4 refused, 2, 2, 4");
}

#[tokio::test]
async fn a_collector_that_lost_its_memory_cannot_confirm_what_it_never_had() {
    let collector = Collector::start().await;
    collector.acknowledge(Acks::Never);
    collector.script([Act::AcceptAs(7), Act::AcceptAs(3)]);
    let rig = Rig::new(&Setup::to(&collector), &document(&collector, json!({}))).await;
    rig.put(r#"{"event":"first"}"#).await.unwrap();
    eventually("the first is asked for", || collector.was_asked(7)).await;
    rig.put(r#"{"event":"second"}"#).await.unwrap();
    eventually("the loss is noticed", || collector.seen().len() >= 3).await;
    collector.acknowledge(Acks::AtOnce);
    assert_eq!(rig.settled().await.delivered, 2);
    let seen = collector.seen();
    let channels: std::collections::BTreeSet<_> =
        seen.iter().map(|it| it.headers["x-splunk-request-channel"].clone()).collect();
    assert_eq!(channels.len(), 2, "a new channel was opened");
    assert_eq!(seen.len(), 4, "both were sent again");
}

#[tokio::test]
async fn an_untrusted_certificate_is_never_accepted() {
    let collector = Collector::start().await;
    let mut setup = Setup::to(&collector);
    setup.ca_pem.clear();
    let body = document(&collector, json!({"RetryOptions": {"DurationInSeconds": 0}}));
    let rig = Rig::new(&setup, &body).await;
    rig.put(r#"{"event":1}"#).await.unwrap();
    assert_eq!(rig.settled().await.dropped["splunk_failed"], 1);
    assert!(rig.objects()[0].1.contains("Splunk.SSLHandshake"), "{:?}", rig.objects());
    assert!(collector.seen().is_empty());
    let wrong_name = collector.url().replace("127.0.0.1", "localhost");
    let mut setup = Setup::to(&collector);
    setup.config.allow_hosts.push("localhost".to_owned());
    let members = json!({"RetryOptions": {"DurationInSeconds": 0}, "HECEndpoint": wrong_name});
    let rig = Rig::new(&setup, &document(&collector, members)).await;
    rig.put(r#"{"event":1}"#).await.unwrap();
    rig.settled().await;
    assert!(rig.objects()[0].1.contains("Splunk.SSLUnverified"), "{:?}", rig.objects());
}

#[tokio::test]
async fn many_batches_are_on_their_way_at_once() {
    let collector = Collector::start().await;
    collector.acknowledge(Acks::Never);
    let mut setup = Setup::to(&collector);
    setup.config.in_flight_max = 4;
    setup.config.interval_max_ms = Some(0);
    let rig = Rig::new(&setup, &document(&collector, json!({}))).await;
    for n in 0..10 {
        rig.put(&format!(r#"{{"event":"{n}"}}"#)).await.unwrap();
        let sent = (n + 1).min(4);
        eventually("it is on its way, if it may be", || collector.seen().len() >= sent).await;
    }
    assert_eq!(collector.seen().len(), 4, "no more than allowed");
    collector.acknowledge(Acks::AtOnce);
    assert_eq!(rig.settled().await.delivered, 10);
    assert_eq!(collector.events().len(), 10);
}

#[tokio::test]
async fn a_full_queue_refuses_and_says_so() {
    let collector = Collector::start().await;
    collector.acknowledge(Acks::Never);
    let mut setup = Setup::to(&collector);
    setup.config.backlog_bytes_max = 30;
    let rig = Rig::new(&setup, &document(&collector, json!({}))).await;
    rig.put(r#"{"event":"twenty bytes"}"#).await.unwrap();
    let error = rig.put(r#"{"event":2}"#).await.unwrap_err();
    assert!(error.to_string().contains("its queue is full: 24 of 30 bytes wait"), "{error}");
    assert_eq!(rig.status().refused_puts, 1);
    collector.acknowledge(Acks::AtOnce);
    rig.settled().await;
    rig.put(r#"{"event":2}"#).await.unwrap();
    assert_eq!(rig.settled().await.delivered, 2);
}

#[tokio::test]
async fn a_put_that_cannot_be_taken_keeps_nothing() {
    let collector = Collector::start().await;
    let rig = Rig::new(&Setup::to(&collector), &document(&collector, json!({}))).await;
    let large = "x".repeat(crate::RECORD_BYTES_MAX + 1);
    let error = rig.put_all(&["{}", &large]).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "a record of 1024001 bytes is larger than the 1024000 bytes a delivery stream takes"
    );
    let error = rig.engine.put("other", vec![record("x")]).await.unwrap_err();
    assert_eq!(error.to_string(), "delivery stream `other` does not exist");
    assert_eq!(rig.engine.ledger().received, 0);
    assert_eq!(rig.put_all(&[]).await.unwrap(), []);
}
