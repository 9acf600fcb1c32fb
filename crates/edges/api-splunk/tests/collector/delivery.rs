//! A delivery stream that writes to the collector: each event comes once, acknowledged.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use picket_core::{Account, SystemClock, Tasks};
use picket_delivery::{DeliveryConfig, DeliveryDeps, DeliveryEngine};
use picket_ports::registry::{DocumentKind, Documents};
use picket_ports::{Delivery, Record};
use serde_json::{Value, json};

use crate::bench::{BUSY, Bench, GRACE, NOW, until};

const STREAM: &str = "to-collector";
const RECORDS: usize = 40;
const METRICS: usize = 3;

async fn stream_to(bench: &Bench, tasks: &Tasks) -> Arc<DeliveryEngine> {
    let document = json!({"SplunkDestinationConfiguration": {
        "HECEndpoint": bench.server.url(),
        "HECEndpointType": "Event",
        "HECToken": "ack-token",
        "BufferingHints": {"IntervalInSeconds": 0, "SizeInMBs": 1},
        "RetryOptions": {"DurationInSeconds": 300},
        "ProcessingConfiguration": {"Enabled": true, "Processors": [{"Type": "Lambda", "Parameters":
            [{"ParameterName": "LambdaArn", "ParameterValue": "arn:aws:lambda:us-east-1:\
              000000000000:function:picket-device-defender-transform"}]}]},
        "S3Configuration": {"RoleARN": "arn:aws:iam::000000000000:role/r", "BucketARN": "arn:aws:s3:::b"},
    }});
    let kind = DocumentKind::DeliveryStream;
    bench.registry.create_document(kind, STREAM, &document.to_string(), NOW).await.unwrap();
    let config = DeliveryConfig {
        own_hec: Some(bench.server.url()),
        require_acks: true,
        ack_poll_min_ms: 5,
        ack_poll_max_ms: 20,
        backoff_ms: 5,
        ..DeliveryConfig::default()
    };
    let deps = DeliveryDeps {
        logs: bench.store.clone(),
        states: bench.store.clone(),
        registry: bench.registry.clone(),
        functions: None,
        root: bench.dir.path().join("backup"),
        extra_roots: Vec::new(),
        account: Account::default(),
        clock: Arc::new(SystemClock),
        tasks: tasks.clone(),
    };
    DeliveryEngine::open(config, deps).await.unwrap()
}

/// An export of `METRICS` datapoints of the thing `device-<number>`.
fn export(number: usize) -> Record {
    let metrics: Vec<Value> = (0..METRICS)
        .map(|metric| {
            json!({
                "name": format!("metric-{metric}"), "thing": format!("device-{number}"),
                "value": {"count": metric}, "timestamp": NOW.as_millis(), "version": 1,
            })
        })
        .collect();
    let data = Bytes::from(json!({"version": "1.0", "metrics": metrics}).to_string());
    Record { data, arrived: NOW, traces: Vec::new() }
}

/// What a search would tell apart: which datapoint of which thing.
fn datapoint(event: &Value) -> (String, String) {
    let raw: Value = serde_json::from_str(event["raw"].as_str().unwrap()).unwrap();
    let text = |name: &str| raw[name].as_str().unwrap().to_owned();
    (text("thing"), text("name"))
}

#[tokio::test]
async fn a_stream_with_acks_delivers_each_event_once_through_refusals() {
    let bench = Bench::start().await;
    let tasks = Tasks::new();
    let engine = stream_to(&bench, &tasks).await;
    // The collector is busy at first, and keeps nothing of what it refuses.
    bench.index.failing.store(BUSY, Ordering::SeqCst);
    for number in 0..RECORDS {
        engine.put(STREAM, vec![export(number)]).await.unwrap();
    }
    until("refused a few times", async || {
        bench.server.stats().answers.get(&503).is_some_and(|count| *count >= 5)
    })
    .await;
    bench.index.failing.store(0, Ordering::SeqCst);
    until("something is stored", async || !bench.stored().await.is_empty()).await;
    let backlog = engine.backlog();
    assert!(backlog > 0, "nothing is done before it is searchable");
    until("everything is acknowledged", async || {
        bench.make_searchable();
        engine.backlog() == 0
    })
    .await;
    let stored = bench.stored().await;
    let mut datapoints: Vec<_> = stored.iter().map(datapoint).collect();
    datapoints.sort();
    datapoints.dedup();
    assert_eq!((stored.len(), datapoints.len()), (RECORDS * METRICS, RECORDS * METRICS));
    let first = &stored[0];
    assert_eq!(first["sourcetype"], "aws-iot-device-defender");
    assert_eq!((&first["index"], &first["time"]), (&json!("iot"), &json!(NOW.as_millis())));
    let ids = stored.iter().map(|event| event["fields"].to_string());
    assert!(ids.clone().all(|fields| fields.contains("picket_id")));
    assert!(tasks.shut_down(GRACE).await);
    assert_eq!(bench.server.stats().answers.get(&400), None);
}
