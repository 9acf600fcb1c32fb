//! Evaluation must not become slow unnoticed.

use std::time::{Duration, Instant};

use picket_core::Timestamp;
use picket_ports::registry::{Document, DocumentKind};

use crate::partition::{Effects, Partition, Scene};
use crate::record::ReportsRecord;
use crate::watchlist::{Sources, Watchlist};

#[test]
fn evaluates_thousands_of_reports_a_second_even_unoptimised() {
    let behaviors: Vec<String> = ["num-listening-tcp-ports", "num-listening-udp-ports"]
        .into_iter()
        .map(|metric| {
            format!(
                r#"{{"name":"{metric}","metric":"aws:{metric}","criteria":
                   {{"comparisonOperator":"less-than","value":{{"count":50}}}}}}"#
            )
        })
        .collect();
    let document = Document {
        kind: DocumentKind::SecurityProfile,
        name: "p".to_owned(),
        body: format!(
            r#"{{"targets":["arn:aws:iot:r:a:all/things"],"behaviors":[{}]}}"#,
            behaviors.join(",")
        ),
        version: 1,
        created: Timestamp::default(),
        modified: Timestamp::default(),
    };
    let sources = Sources { profiles: vec![document], ..Sources::default() };
    let (list, _) = Watchlist::load(1, &sources, 1000);
    let directory = super::rig::directory();
    let scene = Scene {
        watchlist: &list,
        directory: &directory,
        window: Duration::from_secs(300),
        grace: Duration::ZERO,
        silence: Duration::from_secs(172_800),
        things_max: 10_000,
    };
    let ports: Vec<String> = (1..10).map(|n| format!(r#"{{"if":"eth0","pt":{n}}}"#)).collect();
    let mut partition = Partition::empty(0);
    let mut effects = Effects::default();
    let began = Instant::now();
    let total = 5000_u64;
    for sequence in 1..=total {
        let thing = format!("thing-{}", sequence % 1000);
        let payload = format!(
            r#"{{"hed":{{"rid":{sequence},"v":"1.0"}},"met":{{"tp":{{"pts":[{}],"t":9}},"ns":{{"bi":1,"bo":2,"pi":3,"po":4}}}}}}"#,
            ports.join(",")
        );
        let arrived = Timestamp::from_millis(i64::try_from(sequence).unwrap());
        let payload = payload.as_bytes();
        let record = ReportsRecord::ReportV1 { thing: &thing, cbor: false, arrived, payload };
        partition.apply(sequence, &record, &scene, &mut effects);
    }
    let rate = total as f64 / began.elapsed().as_secs_f64();
    println!("{rate:.0} reports/s");
    assert_eq!(effects.evaluated, total);
    assert!(rate > 1000.0, "{rate}");
}
