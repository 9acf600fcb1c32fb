//! Much, and much of it senseless: the engine stays quick and small.

use std::time::{Duration, Instant};

use picket_core::Timestamp;
use picket_ports::registry::{Document, DocumentKind};

use super::restarts::scene;
use crate::partition::{Effects, Partition};
use crate::record::ReportsRecord;
use crate::watchlist::{Sources, Watchlist};

fn document(kind: DocumentKind, name: &str, body: &str) -> Document {
    let (created, modified) = (Timestamp::default(), Timestamp::default());
    let (name, body) = (name.to_owned(), body.to_owned());
    Document { kind, name, body, version: 1, created, modified }
}

fn profile(behaviors: &[String]) -> Document {
    let behaviors = behaviors.join(",");
    let body = format!(r#"{{"targets":["arn:aws:iot:r:a:all/things"],"behaviors":[{behaviors}]}}"#);
    document(DocumentKind::SecurityProfile, "p", &body)
}

fn watch(sources: &Sources) -> Watchlist {
    let (list, broken) = Watchlist::load(1, sources, 100_000);
    assert!(broken.is_empty(), "{broken:?}");
    list
}

fn evaluate(list: &Watchlist, reports: impl Iterator<Item = (i64, String)>) -> Partition {
    let directory = super::rig::directory();
    let scene = scene(list, &directory);
    let mut partition = Partition::empty(0);
    let mut effects = Effects::default();
    for (sequence, (ms, payload)) in (1..).zip(reports) {
        let arrived = Timestamp::from_millis(ms);
        let payload = payload.as_bytes();
        let record = ReportsRecord::ReportV1 { thing: "cam", cbor: false, arrived, payload };
        partition.apply(sequence, &record, &scene, &mut effects);
    }
    assert_eq!(effects.unreadable, 0);
    partition
}

#[test]
fn ten_thousand_custom_metrics_are_loaded_and_a_report_may_have_a_thousand_of_them() {
    let number = r#"{"metricType":"number"}"#;
    let custom =
        (0..10_000).map(|n| document(DocumentKind::CustomMetric, &format!("m{n}"), number));
    let behavior = |n: usize| {
        format!(
            r#"{{"name":"b{n}","metric":"m{}","criteria":{{"comparisonOperator":"less-than","value":{{"number":1}}}}}}"#,
            n * 10
        )
    };
    let behaviors: Vec<String> = (0..100).map(behavior).collect();
    let sources = Sources {
        custom: custom.collect(),
        profiles: vec![profile(&behaviors)],
        ..Sources::default()
    };
    let began = Instant::now();
    let list = watch(&sources);
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    let values: Vec<String> = (0..1000).map(|n| format!(r#""m{n}":[{{"number":{n}}}]"#)).collect();
    let payload = format!(r#"{{"hed":{{"rid":1,"v":"1.0"}},"cmet":{{{}}}}}"#, values.join(","));
    let partition = evaluate(&list, std::iter::once((0, payload)));
    assert_eq!(partition.alarms().count(), 99);
}

#[test]
fn a_device_that_reports_a_hundred_times_a_second_has_a_small_state() {
    let behavior = r#"{"name":"b","metric":"aws:all-bytes-in","criteria":{"comparisonOperator":"less-than",
        "value":{"count":5000},"durationSeconds":300}}"#;
    let sources = Sources { profiles: vec![profile(&[behavior.to_owned()])], ..Sources::default() };
    let list = watch(&sources);
    let reports = (1..=30_000).map(|n| {
        let payload =
            format!(r#"{{"hed":{{"rid":{n},"v":"1.0"}},"met":{{"ns":{{"bi":1,"bo":0}}}}}}"#);
        (n * 10, payload)
    });
    let partition = evaluate(&list, reports);
    let state = partition.state("cam").unwrap();
    let bytes = postcard::to_stdvec(state).unwrap().len();
    assert!(bytes < 8192, "{bytes}");
    // Thirty thousand bytes came in the last 300 seconds.
    assert_eq!(partition.alarms().count(), 1);
}

#[test]
fn a_report_against_a_thousand_ports_and_blocks_is_as_quick_as_against_one() {
    let ports: Vec<String> = (1..=1000).map(|n| (n * 7).to_string()).collect();
    let blocks: Vec<String> =
        (0..1000).map(|n| format!(r#""10.{}.{}.0/23""#, n / 256, n % 256)).collect();
    let behaviors = [
        format!(
            r#"{{"name":"ports","metric":"aws:listening-tcp-ports","criteria":{{"comparisonOperator":"in-port-set","value":{{"ports":[{}]}}}}}}"#,
            ports.join(",")
        ),
        format!(
            r#"{{"name":"blocks","metric":"aws:destination-ip-addresses","criteria":{{"comparisonOperator":"in-cidr-set","value":{{"cidrs":[{}]}}}}}}"#,
            blocks.join(",")
        ),
    ];
    let list = watch(&Sources { profiles: vec![profile(&behaviors)], ..Sources::default() });
    let listed: Vec<String> = ports.iter().map(|port| format!(r#"{{"pt":{port}}}"#)).collect();
    let peers: Vec<String> =
        (0..1000).map(|n| format!(r#"{{"rad":"10.{}.{}.9:1"}}"#, n / 256, n % 256)).collect();
    let payload = |id: i64| {
        format!(
            r#"{{"hed":{{"rid":{id},"v":"1.0"}},"met":{{"tp":{{"pts":[{}]}},"tc":{{"ec":{{"cs":[{}]}}}}}}}}"#,
            listed.join(","),
            peers.join(",")
        )
    };
    let began = Instant::now();
    let partition = evaluate(&list, (1..=20).map(|n| (n * 1000, payload(n))));
    assert_eq!(partition.alarms().count(), 0);
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}
