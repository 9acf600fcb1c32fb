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

use std::path::Path;
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
    /// A directory that another process has filled.
    recover: Option<String>,
}

fn options() -> Options {
    let mut options = Options {
        things: 10_000,
        reports: 400_000,
        points: None,
        live: 10,
        rate: 5000,
        recover: None,
    };
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
            "--recover" => options.recover = Some(value),
            _ => panic!("no such option: {name}"),
        }
    }
    options
}

fn main() {
    let options = options();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    match &options.recover {
        Some(dir) => runtime.block_on(recover(Path::new(dir), &options)),
        None => runtime.block_on(measure(&options)),
    }
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
    let metrics = load.metrics;
    evaluate(&load, &store, &registry).await;
    drop((store, registry));
    // Another process, so that its memory is that of the states.
    let live = if options.points.is_some() { 0 } else { options.live };
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    child.arg("--recover").arg(dir.path());
    for (name, value) in [
        ("--things", load.things),
        ("--reports", metrics),
        ("--live", live),
        ("--rate", options.rate),
    ] {
        child.arg(name).arg(value.to_string());
    }
    assert!(child.status().unwrap().success());
}

/// The limit: reading the same bytes and nothing else, on one core.
fn parse_only(load: &Load) {
    let before = world::cpu_time();
    for report in &load.reports {
        std::hint::black_box(decode(Format::Json, &report.payload).unwrap());
    }
    let seconds = (world::cpu_time() - before).as_secs_f64();
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
    println!("alarms {}, things {}", stats.active_alarms, stats.things);
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

/// Opens what another process has written, and takes reports.
async fn recover(dir: &Path, options: &Options) {
    let registry = Arc::new(SqliteRegistry::open(dir.join("registry.db")).await.unwrap());
    let store = Arc::new(FjallStore::open(dir.join("store")).unwrap());
    let memory = world::resident_bytes();
    let (cpu, began) = (world::cpu_time(), Instant::now());
    let (engine, tasks) = open(&store, &registry).await;
    let (opened, cpu) = (began.elapsed(), world::cpu_time() - cpu);
    while engine.stats().lag_records > 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let grown = world::resident_bytes().saturating_sub(memory) as f64;
    let things = engine.stats().things.max(1) as f64;
    println!(
        "recovery        {:>9.2} s until it evaluates ({:.2} s of processor time), {:.2} s until it is even; \
         {things} things",
        opened.as_secs_f64(),
        cpu.as_secs_f64(),
        began.elapsed().as_secs_f64()
    );
    // With few things it is the engine's own memory.
    if things >= 100_000.0 {
        println!(
            "memory          {:>9.0} bytes per thing, {:.0} per thing and metric",
            grown / things,
            grown / things / options.reports as f64
        );
    }
    if options.live > 0 {
        live::run(&engine, options.things, (options.live, options.rate)).await;
    }
    drop(engine);
    assert!(tasks.shut_down(Duration::from_secs(30)).await, "a task is late");
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
