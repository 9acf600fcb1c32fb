//! How much one stream delivers: `cargo run --release -p picket-delivery --example throughput`.
//!
//! Real storage, real TCP, a collector in the same process that reads every body to its end and
//! acknowledges at once. Prints MB/s of request bodies, and events a second.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use picket_core::{Account, Clock, SystemClock, Tasks, TraceId};
use picket_delivery::{DeliveryConfig, DeliveryDeps, DeliveryEngine};
use picket_fjall::FjallStore;
use picket_ports::registry::{DocumentKind, Documents};
use picket_ports::{Delivery, Record};
use picket_sqlite::SqliteRegistry;
use tokio::net::TcpListener;

const RECORDS: usize = 20_000;
/// Metrics in one export record.
const METRICS: usize = 20;
/// Records in one put, as a batch of rule results is.
const BATCH: usize = 100;

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    for (name, arn) in [
        ("as they are", None),
        ("native transform", Some("arn:aws:lambda:::function:picket-device-defender-transform")),
    ] {
        runtime.block_on(measure(name, arn))?;
    }
    Ok(())
}

async fn measure(name: &str, function: Option<&str>) -> Result<(), Failure> {
    let dir = std::env::temp_dir().join(format!("picket-throughput-{}", std::process::id()));
    std::fs::create_dir_all(&dir)?;
    let tasks = Tasks::new();
    let received = Arc::new(AtomicU64::new(0));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    tasks.spawn("collector", collect(listener, received.clone(), tasks.clone()));
    let registry = Arc::new(SqliteRegistry::open(dir.join("registry.db")).await?);
    let now = SystemClock.now();
    let body = document(&url, function);
    registry.create_document(DocumentKind::DeliveryStream, "s", &body, now).await?;
    let store = Arc::new(FjallStore::open(dir.join("log"))?);
    let config = DeliveryConfig {
        own_hec: Some(url),
        interval_max_ms: Some(100),
        ..DeliveryConfig::default()
    };
    let deps = DeliveryDeps {
        logs: store.clone(),
        states: store,
        registry,
        functions: None,
        root: dir.join("backup"),
        extra_roots: Vec::new(),
        account: Account::default(),
        clock: Arc::new(SystemClock),
        tasks: tasks.clone(),
    };
    let engine = DeliveryEngine::open(config, deps).await?;
    let began = Instant::now();
    for first in (0..RECORDS).step_by(BATCH) {
        let records = (first..first + BATCH).map(|n| record(n, function.is_some())).collect();
        engine.put("s", records).await?;
    }
    let stored = began.elapsed();
    while engine.backlog() > 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let took = began.elapsed().as_secs_f64();
    let mb = received.load(Ordering::Relaxed) as f64 / 1e6;
    writeln!(
        std::io::stdout(),
        "{name}: {mb:.0} MB in {took:.2} s ({:.2} s until stored): {:.1} MB/s, {:.0} events/s; {:?}",
        stored.as_secs_f64(),
        mb / took,
        (RECORDS * METRICS) as f64 / took,
        engine.ledger(),
    )?;
    drop(engine);
    tasks.shut_down(Duration::from_secs(10)).await;
    std::fs::remove_dir_all(&dir)?;
    Ok(())
}

/// A metrics export, or the events it would become.
fn record(n: usize, exported: bool) -> Record {
    let entries: Vec<String> = (0..METRICS)
        .map(|m| {
            let entry = format!(
                r#"{{"name":"aws:metric-{m}","thing":"thing-{n}","value":{{"ports":[22,8883,443]}},"timestamp":1735689600000}}"#
            );
            if exported { entry } else { format!(r#"{{"sourcetype":"s","event":{entry}}}"#) }
        })
        .collect();
    let data = if exported {
        format!(r#"{{"version":"1.0","metrics":[{}]}}"#, entries.join(","))
    } else {
        entries.concat()
    };
    let trace = TraceId { log: "reports".to_owned(), partition: 0, sequence: n as u64 };
    Record { data: data.into(), arrived: SystemClock.now(), traces: vec![trace; METRICS] }
}

fn document(url: &str, function: Option<&str>) -> String {
    let processing = function.map(|arn| {
        serde_json::json!({"Enabled": true, "Processors": [{"Type": "Lambda", "Parameters": [
            {"ParameterName": "LambdaArn", "ParameterValue": arn}]}]})
    });
    serde_json::json!({"SplunkDestinationConfiguration": {
        "HECEndpoint": url, "HECEndpointType": "Event", "HECToken": "token",
        "ProcessingConfiguration": processing,
        "S3Configuration": {"RoleARN": "role", "BucketARN": "arn:aws:s3:::backup"},
    }})
    .to_string()
}

async fn collect(listener: TcpListener, received: Arc<AtomicU64>, tasks: Tasks) {
    let ids = Arc::new(AtomicU64::new(0));
    loop {
        let accepted = tokio::select! {
            () = tasks.stopping() => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else { return };
        let (received, ids, token) = (received.clone(), ids.clone(), tasks.token());
        tasks.spawn("connection", async move {
            let service = service_fn(|request| answer(request, received.clone(), ids.clone()));
            let connection = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service);
            tokio::select! {
                () = token.cancelled() => {}
                ended = connection => drop(ended),
            }
        });
    }
}

async fn answer(
    request: Request<Incoming>,
    received: Arc<AtomicU64>,
    ids: Arc<AtomicU64>,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let is_query = request.uri().path().ends_with("/ack");
    let mut body = request.into_body();
    let mut query = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        if is_query {
            query.extend_from_slice(&data);
        } else {
            received.fetch_add(data.len() as u64, Ordering::Relaxed);
        }
    }
    let text = if is_query {
        let ids = picket_wire_hec::ack::parse_query(&query, 10_000).unwrap_or_default();
        picket_wire_hec::ack::write_answer(
            &ids.into_iter().map(|id| (id, true)).collect::<Vec<_>>(),
        )
    } else {
        let id = ids.fetch_add(1, Ordering::Relaxed);
        format!(r#"{{"text":"Success","code":0,"ackId":{id}}}"#)
    };
    Ok(Response::new(Full::new(Bytes::from(text))))
}
