//! How many reports detection evaluates, what a device's state takes, and how soon an alarm is on:
//!
//! `cargo run --release -p picket-detect --example detect_rate -- [--things N] [--reports N]
//! [--points FILE] [--live SECONDS] [--rate REPORTS_PER_SECOND]`
//!
//! A `reports` log is written first, so that what is measured is evaluation alone: reading the log, decoding,
//! ten behaviours, storing datapoints and state. `--points` takes the datapoints of a fleet instead, one JSON
//! object a line: `{"series":"group/device/metric","t":SECONDS,"value":NUMBER}`, those of a device and a moment
//! together in one report. Then the engine is opened again (recovery), and takes reports as the gateway
//! hands them over (latency).

#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on may panic")]
#![expect(clippy::print_stdout, reason = "the figures are its output")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use picket_core::{SystemClock, Tasks};
use picket_detect::{Dependencies, DetectConfig, DetectEngine};
use picket_fjall::FjallStore;
use picket_ports::registry::{DocumentKind, Documents as _};
use picket_ports::{EventLogs as _, StateStores as _};
use picket_sqlite::SqliteRegistry;
use picket_wire_report::{Format, decode};

mod live;
mod load;
mod world;

use load::Load;

const PARTITIONS: u16 = 8;

#[derive(Debug)]
struct Options {
    things: u64,
    reports: u64,
    points: Option<String>,
    live: u64,
    rate: u64,
}

fn options() -> Options {
    let mut options =
        Options { things: 10_000, reports: 400_000, points: None, live: 10, rate: 5000 };
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().unwrap_or_default();
        let number = || value.parse().unwrap_or_else(|_| panic!("{name} takes a number"));
        match name.as_str() {
            "--things" => options.things = number(),
            "--reports" => options.reports = number(),
            "--live" => options.live = number(),
            "--rate" => options.rate = number(),
            "--points" => options.points = Some(value),
            _ => panic!("no such option: {name}"),
        }
    }
    options
}

fn main() {
    let options = options();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(measure(&options));
}

async fn measure(options: &Options) {
    let load = match &options.points {
        Some(file) => Load::of_points(file),
        None => Load::synthetic(options.things, options.reports),
    };
    println!(
        "{} reports of {} things, {} datapoints, {:.0} bytes each; 10 behaviours",
        load.reports.len(),
        load.things,
        load.datapoints,
        load.bytes() as f64 / load.reports.len() as f64
    );
    parse_only(&load);
    let dir = tempfile::tempdir().unwrap();
    let registry = Arc::new(SqliteRegistry::open(dir.path().join("registry.db")).await.unwrap());
    for (kind, name, body) in &load.documents {
        registry
            .create_document(*kind, name, body, picket_core::Timestamp::default())
            .await
            .unwrap();
    }
    let store = Arc::new(FjallStore::open(dir.path().join("store")).unwrap());
    load.write(&*store.open("reports", PARTITIONS).await.unwrap()).await;
    evaluate(&load, &store, &registry).await;
    let (engine, tasks) = recover(&store, &registry).await;
    if options.live > 0 && options.points.is_none() {
        live::run(&engine, options.things.min(load.things), (options.live, options.rate)).await;
    }
    drop(engine);
    assert!(tasks.shut_down(Duration::from_secs(30)).await, "a task is late");
}

/// The limit: reading the same bytes and nothing else, on one core.
fn parse_only(load: &Load) {
    let began = Instant::now();
    for report in &load.reports {
        std::hint::black_box(decode(Format::Json, &report.payload).unwrap());
    }
    let seconds = began.elapsed().as_secs_f64();
    let count = load.reports.len() as f64;
    let megabytes = load.bytes() as f64 / 1e6;
    println!(
        "parse only      {:>9.0} reports/s per core, {:.0} MB/s",
        count / seconds,
        megabytes / seconds
    );
}

async fn open(
    store: &Arc<FjallStore>,
    registry: &Arc<SqliteRegistry>,
) -> (Arc<DetectEngine>, Tasks) {
    let tasks = Tasks::new();
    let dependencies = Dependencies {
        logs: store.clone(),
        states: store.clone(),
        registry: registry.clone(),
        directory: Arc::new(world::Nobody::default()),
        listeners: Vec::new(),
        publish: Arc::new(world::Nowhere),
        clock: Arc::new(SystemClock),
        tasks: tasks.clone(),
    };
    let config = DetectConfig {
        partitions: PARTITIONS,
        identities_max: 10_000_000,
        retention: Duration::from_secs(365 * 86_400),
        datapoints: Duration::from_secs(20 * 365 * 86_400),
        ..DetectConfig::default()
    };
    (DetectEngine::open(config, dependencies).await.unwrap(), tasks)
}

async fn evaluate(load: &Load, store: &Arc<FjallStore>, registry: &Arc<SqliteRegistry>) {
    let memory = world::resident_bytes();
    let (cpu, began) = (world::cpu_time(), Instant::now());
    let (engine, tasks) = open(store, registry).await;
    while engine.stats().lag_records > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let (seconds, cpu) = (began.elapsed().as_secs_f64(), (world::cpu_time() - cpu).as_secs_f64());
    let stats = engine.stats();
    let (reports, points) = (load.reports.len() as f64, load.datapoints as f64);
    println!(
        "evaluation      {:>9.0} reports/s on 2 cores, {:.0} reports/s and {:.0} datapoints/s per core; \
         {seconds:.1} s, {cpu:.1} s of processor time",
        reports / seconds,
        reports / cpu,
        points / cpu
    );
    let things = stats.things as f64;
    let grown = world::resident_bytes().saturating_sub(memory) as f64;
    println!(
        "alarms {}, things {}; memory grew by {:.0} bytes per thing, {:.0} per thing and metric",
        stats.active_alarms,
        stats.things,
        grown / things,
        grown / things / load.metrics as f64
    );
    assert!(tasks.shut_down(Duration::from_secs(60)).await, "a task is late");
    drop(engine);
    let (bytes, count) =
        world::stored_states(&*store.open_state("detect").await.unwrap(), PARTITIONS).await;
    let each = bytes as f64 / count.max(1) as f64;
    println!(
        "stored state    {each:>9.0} bytes per thing, {:.0} per thing and metric",
        each / load.metrics as f64
    );
}

async fn recover(
    store: &Arc<FjallStore>,
    registry: &Arc<SqliteRegistry>,
) -> (Arc<DetectEngine>, Tasks) {
    let memory = world::resident_bytes();
    let began = Instant::now();
    let (engine, tasks) = open(store, registry).await;
    let opened = began.elapsed();
    while engine.stats().lag_records > 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let grown = world::resident_bytes().saturating_sub(memory) as f64;
    println!(
        "recovery        {:>9.2} s until it evaluates, {:.2} s until it is even; {} things, {:.0} bytes of \
         memory each",
        opened.as_secs_f64(),
        began.elapsed().as_secs_f64(),
        engine.stats().things,
        grown / engine.stats().things.max(1) as f64
    );
    (engine, tasks)
}

/// The profile whose ten behaviours all datapoints go through.
fn profile(behaviors: &[String], retained: &[&str]) -> String {
    let retained: Vec<String> =
        retained.iter().map(|metric| format!(r#"{{"metric":"{metric}"}}"#)).collect();
    format!(
        r#"{{"targets":["arn:aws:iot:r:a:all/things"],"behaviors":[{}],"additionalMetricsToRetainV2":[{}]}}"#,
        behaviors.join(","),
        retained.join(",")
    )
}

/// A document of the registry: kind, name, body.
type Named = (DocumentKind, String, String);
