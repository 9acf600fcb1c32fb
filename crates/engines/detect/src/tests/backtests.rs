//! A backtest over what a run has stored finds the alarms that the run had.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use picket_core::{Timestamp, TraceId};
use picket_ports::MetricHistory as _;
use picket_ports::alarms::{AlarmFilter, Alarms as _, Violation};
use picket_ports::metric_history::{
    BacktestReport, BacktestRequest, HistoryError, Series, SuggestRequest,
};
use picket_ports::registry::{DocumentKind, Page};
use picket_profile::Measured;
use serde_json::{Value, json};

use super::corpus;
use super::rig::{Rig, START_MS, address};
use crate::history::{Kept, Origin};

/// Scenarios whose alarms depend on more than datapoints, and on what.
const APART: &[(&str, &str)] = &[
    ("changed-", "the profile or dimension is another in the middle"),
    ("deleted-profile", "the profile is gone"),
    ("leaving-the-group", "the device leaves in the middle"),
    ("registered-is-another-identity", "the device is registered in the middle"),
    ("removed-while-in-alarm", "the behavior is gone"),
    ("muted-while-in-alarm", "the profile is another in the middle"),
    ("clock-set-back", "time runs twice"),
    ("two-ways-to-a-profile", "the groups change in the middle"),
];

/// The alarms of a run, each as it stood in the end, oldest first.
async fn live(rig: &Rig, profile: &str) -> Vec<Violation> {
    let filter = AlarmFilter { profile: Some(profile.to_owned()), ..AlarmFilter::default() };
    let (from, to) = (Timestamp::from_millis(0), Timestamp::from_millis(i64::MAX / 2));
    let mut last: BTreeMap<String, Violation> = BTreeMap::new();
    for event in rig.engine.history(&filter, from, to, 100_000).await.unwrap().into_iter().rev() {
        last.insert(event.violation.violation_id.clone(), event.violation);
    }
    for active in rig.engine.active(&filter).await.unwrap() {
        last.insert(active.violation_id.clone(), active);
    }
    comparable(last.into_values().collect())
}

/// Without what names places in the log: a period that is evaluated when the next window is closed has
/// another one.
fn comparable(mut alarms: Vec<Violation>) -> Vec<Violation> {
    let nowhere = TraceId { log: String::new(), partition: 0, sequence: 0 };
    for alarm in &mut alarms {
        alarm.violation_id = String::new();
        alarm.trace = None;
        for datapoint in &mut alarm.datapoints {
            datapoint.trace = nowhere.clone();
        }
    }
    alarms.sort_by(|a, b| {
        (a.started, &a.thing, &a.behavior).cmp(&(b.started, &b.thing, &b.behavior))
    });
    alarms
}

async fn backtest(rig: &Rig, name: &str, document: &str) -> BacktestReport {
    let request = BacktestRequest {
        name: name.to_owned(),
        document: document.to_owned(),
        from: Timestamp::from_millis(START_MS - 86_400_000),
        to: rig.engine.shared.clock.now().plus(Duration::from_millis(1)),
        alarms_max: 1000,
    };
    rig.engine.backtest(&request, &|_, _| {}).await.unwrap()
}

async fn finds_the_same(rig: &Rig, documents: &[(DocumentKind, String, String)], what: &str) {
    for (kind, name, body) in documents {
        if *kind != DocumentKind::SecurityProfile {
            continue;
        }
        let expected = live(rig, name).await;
        let report = backtest(rig, name, body).await;
        let raised: u64 = report.behaviors.iter().map(|it| it.alarms).sum();
        let hours: u64 = report.by_hour.iter().map(|(_, alarms)| alarms).sum();
        assert_eq!((raised, hours), (expected.len() as u64, raised), "{what}: {report:#?}");
        let found = comparable(report.alarms);
        for (found, expected) in found.iter().zip(&expected) {
            assert_eq!(found, expected, "{what}");
        }
        assert_eq!(found.len(), expected.len(), "{what}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backtest_over_every_scenario_finds_the_alarms_it_had() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut tried = 0;
    for file in std::fs::read_dir(corpus).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if APART.iter().any(|(apart, _)| name.starts_with(apart)) {
            continue;
        }
        let case: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let documents = corpus::documents(&case);
        let borrowed: Vec<_> =
            documents.iter().map(|(kind, n, body)| (*kind, n.as_str(), body.as_str())).collect();
        let mut config = Rig::config();
        if let Some(seconds) = case["window_seconds"].as_u64() {
            config.window = Duration::from_secs(seconds);
        }
        let mut rig = Rig::new(config, &borrowed).await;
        for step in case["steps"].as_array().unwrap() {
            corpus::step(&mut rig, step).await;
        }
        rig.settle().await;
        finds_the_same(&rig, &documents, &name).await;
        tried += 1;
    }
    assert!(tried >= 10, "{tried}");
}

const PROFILE: &str = r##"{
    "behaviors": [
        {"name": "bytes", "metric": "aws:all-bytes-out", "criteria": {"comparisonOperator": "less-than",
         "value": {"count": 120}, "durationSeconds": 900, "consecutiveDatapointsToAlarm": 2}},
        {"name": "ports", "metric": "aws:listening-tcp-ports", "criteria":
         {"comparisonOperator": "in-port-set", "value": {"ports": [22, 443]},
          "consecutiveDatapointsToClear": 3}},
        {"name": "heat", "metric": "heat", "criteria": {"comparisonOperator": "less-than-equals",
         "value": {"number": 40}}},
        {"name": "sent", "metric": "aws:num-messages-sent", "criteria":
         {"comparisonOperator": "less-than-equals", "value": {"count": 3}, "durationSeconds": 600}},
        {"name": "topics", "metric": "aws:num-messages-sent", "metricDimension":
         {"dimensionName": "telemetry", "operator": "NOT_IN"}, "criteria":
         {"comparisonOperator": "less-than", "value": {"count": 2}, "durationSeconds": 300}},
        {"name": "sizes", "metric": "aws:message-byte-size", "criteria":
         {"comparisonOperator": "less-than", "value": {"count": 90}}},
        {"name": "gone", "metric": "aws:disconnect-duration", "criteria":
         {"comparisonOperator": "less-than", "value": {"count": 900}}},
        {"name": "much", "metric": "aws:all-bytes-out", "criteria":
         {"comparisonOperator": "less-than-equals", "statisticalThreshold": {"statistic": "p90"},
          "durationSeconds": 600, "consecutiveDatapointsToAlarm": 2}},
        {"name": "many", "metric": "aws:num-messages-sent", "criteria":
         {"comparisonOperator": "less-than-equals", "statisticalThreshold": {"statistic": "p50"},
          "durationSeconds": 900}}
    ],
    "additionalMetricsToRetainV2": [{"metric": "aws:source-ip-address"}, {"metric": "labels"}],
    "targets": ["arn:aws:iot:us-east-1:000000000000:all/things"]
}"##;

fn documents() -> Vec<(DocumentKind, String, String)> {
    let document = |kind, name: &str, body: &str| (kind, name.to_owned(), body.to_owned());
    vec![
        document(DocumentKind::SecurityProfile, "p", PROFILE),
        document(DocumentKind::CustomMetric, "heat", r#"{"metricType": "number"}"#),
        document(DocumentKind::CustomMetric, "labels", r#"{"metricType": "string-list"}"#),
        document(
            DocumentKind::Dimension,
            "telemetry",
            r##"{"type": "TOPIC_FILTER", "stringValues": ["dt/#"]}"##,
        ),
    ]
}

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        (self.0 >> 33) % sides
    }
}

/// Some hours of a small fleet over midnight: reports at odd times, messages, connections, silence.
async fn some_hours(seed: u64) -> Rig {
    let documents = documents();
    let borrowed: Vec<_> =
        documents.iter().map(|(kind, n, body)| (*kind, n.as_str(), body.as_str())).collect();
    let mut rig = Rig::new(Rig::config(), &borrowed).await;
    let mut dice = Dice(seed);
    let mut now = 80_000.0;
    for id in 1..400_u64 {
        now += dice.roll(110) as f64 + 0.5;
        rig.go_to(now).await;
        let thing = format!("cam-{}", dice.roll(5));
        if dice.roll(3) > 0 {
            let ports =
                [json!([{"pt": 22}]), json!([{"pt": 443}, {"pt": 22}]), json!([{"pt": 21}])];
            let ports = &ports[usize::try_from(dice.roll(9).saturating_sub(6)).unwrap()];
            let report = json!({"hed": {"rid": id, "v": "1.0"}, "met": {
                "ns": {"bo": dice.roll(60)}, "tp": {"pts": ports}},
                "cmet": {"heat": [{"number": dice.roll(45)}],
                         "labels": [{"string_list": ["a", format!("b{}", dice.roll(3))]}]}});
            assert!(rig.report(&thing, &report.to_string()).await.accepted);
        }
        let device = rig.device(&thing);
        match dice.roll(8) {
            0 => device.disconnected(),
            1 => {
                device.connection_attempt(address("10.0.0.7"));
                device.connected(address("10.0.0.7"));
            }
            2..=5 => device.message_in("dt/x", usize::try_from(dice.roll(100)).unwrap()),
            6 => device.message_in("other", 10),
            _ => {}
        }
        rig.engine.flush().await.unwrap();
    }
    rig.go_to(now + 4000.0).await;
    rig.settle().await;
    rig
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backtest_over_a_run_finds_the_alarms_of_the_run() {
    for seed in [7, 8, 9] {
        let rig = some_hours(seed).await;
        finds_the_same(&rig, &documents(), &format!("seed {seed}")).await;
        let report = backtest(&rig, "p", PROFILE).await;
        for behavior in &report.behaviors {
            assert!(behavior.datapoints > 20, "{behavior:?}");
        }
        let alarmed = report.behaviors.iter().filter(|it| it.alarms > 0).count();
        assert!(alarmed >= 7 && report.alarms.len() > 30, "{:#?}", report.behaviors);
        assert_eq!(report.devices, 5);
        // What is stored begins with the day.
        assert_eq!(report.from, Timestamp::from_millis(START_MS));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backtest_looks_at_the_targets_only_and_at_a_part_of_the_time() {
    let rig = some_hours(12).await;
    rig.groups.set("cam-1", &["inner", "outer"]);
    rig.groups.set("cam-2", &["other"]);
    let with = |targets: &[&str]| {
        let mut document: Value = serde_json::from_str(PROFILE).unwrap();
        let arn = |target: &&str| format!("arn:aws:iot:us-east-1:000000000000:{target}");
        document["targets"] = targets.iter().map(arn).collect();
        document.to_string()
    };
    for (targets, devices) in [
        (&["thinggroup/outer"][..], 1),
        (&["thinggroup/outer", "thinggroup/other"], 2),
        (&["thinggroup/none"], 0),
        (&["all/registered-things"], 2),
        (&["all/unregistered-things"], 3),
        (&[], 5),
    ] {
        let report = backtest(&rig, "p", &with(targets)).await;
        assert_eq!(report.devices, devices, "{targets:?}");
    }
    let now = rig.engine.shared.clock.now();
    let request = BacktestRequest {
        name: "p".to_owned(),
        document: PROFILE.to_owned(),
        from: Timestamp::from_millis(now.as_millis() - 7_200_000),
        to: now,
        alarms_max: 3,
    };
    let told = parking_lot::Mutex::new((0, 0));
    let progress = |done, all| *told.lock() = (done, all);
    let part = rig.engine.backtest(&request, &progress).await.unwrap();
    let (done, all) = told.into_inner();
    assert!(done == all && all > 0);
    assert_eq!((part.from, part.to), (request.from, now));
    assert!(part.truncated && part.alarms.len() == 3);
    let whole = backtest(&rig, "p", PROFILE).await;
    assert!(part.datapoints < whole.datapoints);
    for alarm in &part.alarms {
        assert!((request.from..now).contains(&alarm.started));
    }
    let wrong = BacktestRequest { document: r#"{"behaviors": 3}"#.to_owned(), ..request };
    let error = rig.engine.backtest(&wrong, &|_, _| {}).await.unwrap_err();
    assert!(error.to_string().contains("behaviors"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_suggested_would_not_have_alarmed() {
    let rig = some_hours(11).await;
    let to = rig.engine.shared.clock.now().plus(Duration::from_millis(1));
    let from = Timestamp::from_millis(START_MS);
    let request = SuggestRequest { group: None, metrics: Vec::new(), from, to };
    let suggestions = rig.engine.suggest(&request).await.unwrap();
    let behaviors: Vec<Value> =
        suggestions.iter().map(|it| serde_json::from_str(&it.behavior).unwrap()).collect();
    let value = |name: &str| {
        let found = behaviors.iter().find(|behavior| behavior["name"] == name);
        found.unwrap_or_else(|| panic!("{name} in {behaviors:#?}"))["criteria"]["value"].clone()
    };
    assert_eq!(value("listening-tcp-ports"), json!({"ports": [21, 22, 443]}));
    assert_eq!(value("source-ip-address"), json!({"cidrs": ["10.0.0.7/32"]}));
    assert_eq!(value("labels"), json!({"strings": ["a", "b0", "b1", "b2"]}));
    assert!(value("all-bytes-out")["count"].as_u64().unwrap() >= 59);
    assert!(behaviors.len() >= 8, "{behaviors:#?}");
    let profile = json!({ "behaviors": behaviors }).to_string();
    let report = backtest(&rig, "suggested", &profile).await;
    for behavior in &report.behaviors {
        assert!(behavior.datapoints >= 12 && behavior.alarms == 0, "{behavior:?}");
    }
    let one = SuggestRequest { metrics: vec!["heat".to_owned()], ..request.clone() };
    assert_eq!(rig.engine.suggest(&one).await.unwrap().len(), 1);
    let nowhere = SuggestRequest { group: Some("nobody".to_owned()), ..request };
    assert!(rig.engine.suggest(&nowhere).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_custom_metric_s_data_goes_with_it() {
    use picket_ports::registry::Documents as _;
    let rig = some_hours(13).await;
    let heat = Series { metric: "heat".to_owned(), dimension: None };
    let span = (Timestamp::from_millis(START_MS), Timestamp::from_millis(i64::MAX));
    let page = Page::first(1000);
    let values = || rig.engine.values("cam-1", &heat, span.0, span.1, &page);
    assert!(values().await.unwrap().rows.len() > 10);
    rig.registry.delete_document(DocumentKind::CustomMetric, "heat").await.unwrap();
    let error = values().await.unwrap_err();
    assert!(matches!(error, HistoryError::NotFound { kind: "metric", .. }), "{error}");
    let now = rig.engine.shared.clock.now();
    let body = r#"{"metricType": "number"}"#;
    let kind = DocumentKind::CustomMetric;
    rig.registry.create_document(kind, "heat", body, now).await.unwrap();
    assert!(values().await.unwrap().rows.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stores_and_tries_thousands_of_records_a_second_even_unoptimised() {
    let documents = documents();
    let borrowed: Vec<_> =
        documents.iter().map(|(kind, n, body)| (*kind, n.as_str(), body.as_str())).collect();
    let rig = Rig::new(Rig::config(), &borrowed).await;
    let history = &rig.engine.shared.history;
    let plain = |metric: &str| Series { metric: metric.to_owned(), dimension: None };
    let bytes = history.book().number(&plain("aws:all-bytes-out"));
    let ports = history.book().number(&plain("aws:listening-tcp-ports"));
    let heat = history.book().number(&plain("heat"));
    let (devices, reports) = (200_u64, 288_u64);
    let mut kept = Kept::default();
    for n in 0..devices * reports {
        let thing: Arc<str> = Arc::from(format!("cam-{}", n % devices).as_str());
        let at = Timestamp::from_millis(START_MS + (n / devices * 300_000).cast_signed());
        kept.begin(&thing, at, (n, Origin::Report));
        kept.value(bytes, &Measured::Count(n % 40));
        kept.value(ports, &Measured::Ports(vec![22, 443]));
        kept.value(heat, &Measured::Number(20.0));
    }
    let total = (devices * reports) as f64;
    let began = Instant::now();
    history.recorder().store([&kept]).await.unwrap();
    println!("{:.0} records stored a second", total / began.elapsed().as_secs_f64());
    rig.clock.set(Timestamp::from_millis(START_MS + 90_000_000));
    let began = Instant::now();
    let report = backtest(&rig, "p", PROFILE).await;
    let rate = total / began.elapsed().as_secs_f64();
    println!("{rate:.0} records tried a second");
    assert_eq!((report.devices, report.behaviors[1].datapoints), (devices, devices * reports));
    assert_eq!(report.behaviors[7].datapoints, devices * reports / 2);
    assert!(rate > 1000.0, "{rate}");
}
