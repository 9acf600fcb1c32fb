//! Scenarios as data: `corpus/*.json`. Each says which profiles there are, what happens when, and which
//! alarm events and exports come of it. With `UPDATE_EXPECT=1` the outcome is written into the files.

use std::path::Path;
use std::time::Duration;

use picket_core::Timestamp;
use picket_ports::alarms::AlarmFilter;
use picket_ports::registry::DocumentKind;
use picket_ports::{Alarms, MetricHistory as _};
use serde_json::{Value, json};

use super::rig::{Rig, START_MS, address};
use crate::DetectConfig;
use crate::record::ReportsRecord;

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

pub(super) fn documents(case: &Value) -> Vec<(DocumentKind, String, String)> {
    let kinds = [
        ("profiles", DocumentKind::SecurityProfile),
        ("custom_metrics", DocumentKind::CustomMetric),
        ("dimensions", DocumentKind::Dimension),
    ];
    let of_kind = |(member, kind): (&str, DocumentKind)| {
        let members = case[member].as_object().cloned().unwrap_or_default();
        members.into_iter().map(move |(name, body)| (kind, name, body.to_string()))
    };
    kinds.into_iter().flat_map(of_kind).collect()
}

pub(super) async fn step(rig: &mut Rig, step: &Value) {
    let epoch = rig.engine.shared.watchlist().epoch;
    if let Some(at) = step["at"].as_f64() {
        rig.go_to(at).await;
    }
    if let Some(at) = step["clock"].as_f64() {
        rig.set_clock(at).await;
    }
    let thing = step["thing"].as_str().unwrap_or("cam");
    if let Some(groups) = step["groups"].as_array() {
        let groups: Vec<&str> = groups.iter().map(text).collect();
        rig.groups.set(thing, &groups);
    }
    if step["deregister"] == true {
        rig.groups.remove(thing);
    }
    report_step(rig, thing, step).await;
    cloud_step(rig, thing, step).await;
    document_step(rig, step).await;
    if step["restart"] == true {
        rig.restart_at(step["starts_at"].as_f64()).await;
    }
    let members = ["profile", "dimension", "groups", "deregister"];
    if members.iter().any(|member| step.get(member).is_some()) {
        noticed(rig, epoch).await;
    }
    rig.settle().await;
}

async fn report_step(rig: &mut Rig, thing: &str, step: &Value) {
    if let Some(metrics) = step.get("report") {
        let at = rig.engine.shared.clock.now().as_millis();
        let id = step["id"].as_i64().unwrap_or(at);
        let mut report = json!({"hed": {"rid": id, "v": "1.0"}, "met": metrics});
        if let Some(custom) = step.get("custom") {
            report["cmet"] = custom.clone();
        }
        let publisher = step["publisher"].as_str().unwrap_or(thing);
        let reply = rig.report_from(thing, publisher, &report.to_string()).await;
        assert_eq!(reply.accepted, step["refused"] != true, "{step}");
    }
}

async fn document_step(rig: &mut Rig, step: &Value) {
    use picket_ports::registry::Documents as _;
    let now = rig.engine.shared.clock.now();
    let kinds = [
        ("profile", DocumentKind::SecurityProfile, "p"),
        ("dimension", DocumentKind::Dimension, "d"),
    ];
    for (member, kind, name) in kinds {
        match step.get(member) {
            None => {}
            Some(Value::Null) => rig.registry.delete_document(kind, name).await.unwrap(),
            Some(body) => {
                let body = body.to_string();
                rig.registry.replace_document(kind, name, &body, None, now).await.unwrap();
            }
        }
    }
}

/// Waits until a change is noticed, and with one more record until its effects are stored.
async fn noticed(rig: &Rig, epoch: u64) {
    let shared = &rig.engine.shared;
    shared.wake.all();
    super::rig::wait_until("the change", || shared.watchlist().epoch > epoch).await;
    let now = shared.clock.now();
    let record = ReportsRecord::CloudV1 { from: now, at: now, devices: Vec::new() };
    for partition in 0..shared.log.partitions() {
        let bytes = bytes::Bytes::from(record.write().unwrap());
        shared.log.append(partition, vec![bytes]).await.unwrap();
    }
    shared.wake.all();
}

async fn cloud_step(rig: &mut Rig, thing: &str, step: &Value) {
    let here = address("10.0.0.1");
    let address = step["from"].as_str().map_or(here, address);
    let device = rig.device(thing);
    for what in step["cloud"].as_array().into_iter().flatten().map(text) {
        let (what, topic) = what.split_once(' ').map_or((what, None), |(it, on)| (it, Some(on)));
        let on = topic.unwrap_or("t");
        match what {
            "attempt" => device.connection_attempt(address),
            "connect" => {
                device.connection_attempt(address);
                device.connected(address);
            }
            "disconnect" => device.disconnected(),
            "denied" => device.authorization_failure(topic),
            "out" => device.message_out(on, 1),
            size => device.message_in(on, size.parse().unwrap()),
        }
    }
    if step.get("cloud").is_some() {
        rig.engine.flush().await.unwrap();
    }
}

async fn outcome(rig: &Rig) -> (Vec<String>, Vec<String>) {
    let (from, to) = (Timestamp::from_millis(0), Timestamp::from_millis(i64::MAX / 2));
    let events = rig.engine.history(&AlarmFilter::default(), from, to, 1000).await.unwrap();
    let lines = events.iter().map(|event| {
        let seconds = (event.time.as_millis() - START_MS) as f64 / 1000.0;
        let kind = serde_json::to_value(event.event).unwrap();
        let value = event.value.as_ref().map(|it| serde_json::to_string(it).unwrap());
        let it = &event.violation;
        let (thing, behavior) = (&it.thing, &it.behavior);
        let line =
            format!("@{seconds} {} {thing} {behavior} {}", text(&kind), value.unwrap_or_default());
        (event.time, line.trim_end().to_owned())
    });
    let mut events: Vec<(Timestamp, String)> = lines.collect();
    events.sort();
    let events = events.into_iter().map(|(_, line)| line).collect();
    let active = rig.engine.active(&AlarmFilter::default()).await.unwrap();
    let mut active: Vec<String> =
        active.into_iter().map(|it| format!("{} {}", it.thing, it.explanation)).collect();
    active.sort();
    (events, active)
}

/// Stored datapoints as `metric thing value @seconds`, sorted.
async fn datapoints(rig: &Rig, case: &Value) -> Vec<String> {
    use picket_ports::registry::Page;
    let (from, to) =
        (Timestamp::from_millis(START_MS), Timestamp::from_millis(START_MS + 86_400_000));
    let named = case["things"].as_array().cloned().unwrap_or_else(|| vec![json!("cam")]);
    let mut lines = Vec::new();
    for thing in named.iter().map(text) {
        for series in rig.engine.series_of(thing).await.unwrap() {
            let page = Page::first(1000);
            let rows = rig.engine.values(thing, &series, from, to, &page).await.unwrap().rows;
            let metric = &series.metric;
            let dimension = series.dimension.as_ref();
            let dimension = dimension.map(|(name, operator)| format!("[{operator} {name}]"));
            let dimension = dimension.unwrap_or_default();
            for point in rows {
                let value = serde_json::to_string(&point.value).unwrap();
                let seconds = (point.time.as_millis() - START_MS) as f64 / 1000.0;
                lines.push(format!("{metric}{dimension} {thing} {value} @{seconds}"));
            }
        }
    }
    lines.sort();
    lines
}

async fn run(path: &Path) {
    let mut case: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let documents = documents(&case);
    let documents: Vec<_> =
        documents.iter().map(|(k, n, b)| (*k, n.as_str(), b.as_str())).collect();
    let mut config: DetectConfig = Rig::config();
    if let Some(seconds) = case["window_seconds"].as_u64() {
        config.window = Duration::from_secs(seconds);
    }
    let mut rig = Rig::new(config, &documents).await;
    let broken = rig.engine.stats().broken;
    assert!(broken.is_empty(), "{}: {broken:?}", path.display());
    for it in case["steps"].as_array().unwrap() {
        step(&mut rig, it).await;
    }
    rig.settle().await;
    rig.exported().await;
    let (events, active) = outcome(&rig).await;
    let exports = rig.entries();
    let kept = match case.get("datapoints") {
        Some(_) => datapoints(&rig, &case).await,
        None => Vec::new(),
    };
    if std::env::vars_os().any(|(name, _)| name == "UPDATE_EXPECT") {
        (case["events"], case["active"], case["exports"]) =
            (json!(events), json!(active), json!(exports));
        if let Some(member) = case.get_mut("datapoints") {
            *member = json!(kept);
        }
        std::fs::write(path, format!("{case:#}\n")).unwrap();
    }
    let lines = |value: &Value| -> Vec<String> {
        value.as_array().into_iter().flatten().map(|it| text(it).to_owned()).collect()
    };
    assert_eq!(events, lines(&case["events"]), "{}: events", path.display());
    assert_eq!(active, lines(&case["active"]), "{}: active", path.display());
    assert_eq!(exports, lines(&case["exports"]), "{}: exports", path.display());
    assert_eq!(kept, lines(&case["datapoints"]), "{}: datapoints", path.display());
}

#[test]
fn every_metric_and_every_operator_has_a_scenario() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let files = std::fs::read_dir(corpus).unwrap();
    let text: String =
        files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect();
    let metrics = picket_profile::metrics::ALL.iter().map(|metric| metric.name());
    let operators = picket_profile::Operator::ALL.iter().map(|operator| operator.as_str());
    let custom = ["number", "number-list", "string-list", "ip-address-list"];
    let flags = picket_profile::Flag::ALL.iter().map(|flag| flag.as_str());
    for name in metrics.chain(operators).chain(custom).chain(flags) {
        assert!(text.contains(&format!("\"{name}\"")), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_scenario_ends_as_its_file_says() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut paths: Vec<_> =
        std::fs::read_dir(corpus).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() >= 10);
    for path in paths {
        run(&path).await;
    }
}
