//! The reports that are evaluated.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::BufRead as _;

use bytes::Bytes;
use picket_core::{Clock as _, SystemClock, Timestamp};
use picket_ports::EventLog;
use picket_ports::event_log::partition_of;
use picket_ports::registry::DocumentKind;
use serde_json::{Value, json};

use super::{Named, profile};

/// One report.
pub(crate) struct Report {
    pub(crate) thing: String,
    pub(crate) arrived: Timestamp,
    pub(crate) payload: Vec<u8>,
}

/// All reports, in the order of their arrival.
pub(crate) struct Load {
    pub(crate) reports: Vec<Report>,
    pub(crate) things: u64,
    pub(crate) datapoints: u64,
    /// Metrics that a report has values of.
    pub(crate) metrics: u64,
    pub(crate) documents: Vec<Named>,
}

/// Records that share an append.
const APPENDED: usize = 2000;

impl Load {
    /// Every thing reports in its turn, 60 s after its report before.
    pub(crate) fn synthetic(things: u64, reports: u64) -> Self {
        let rounds = reports.div_ceil(things.max(1));
        let start = SystemClock.now().as_millis() - i64::try_from(rounds).unwrap() * 60_000;
        let report = |number: u64| {
            let (round, thing) = (number / things, number % things);
            let at = start + i64::try_from(round * 60_000 + thing * 60_000 / things).unwrap();
            Report {
                thing: format!("camera-{thing:07}"),
                arrived: Timestamp::from_millis(at),
                payload: synthetic_report(number, at).into_bytes(),
            }
        };
        Self {
            reports: (0..reports).map(report).collect(),
            things: things.min(reports),
            datapoints: reports * 10,
            metrics: 10,
            documents: vec![(
                DocumentKind::SecurityProfile,
                "fleet".to_owned(),
                synthetic_profile(),
            )],
        }
    }

    /// Reads the datapoints of a fleet.
    pub(crate) fn of_points(file: &str) -> Self {
        let file = std::io::BufReader::new(std::fs::File::open(file).unwrap());
        let mut by_report: BTreeMap<(i64, String), BTreeMap<String, f64>> = BTreeMap::new();
        let (mut names, mut things, mut datapoints) = (BTreeSet::new(), BTreeSet::new(), 0);
        for line in file.lines() {
            let point: Value = serde_json::from_str(&line.unwrap()).unwrap();
            let series = point["series"].as_str().unwrap();
            let (rest, metric) = series.rsplit_once('/').unwrap();
            let thing = rest.rsplit_once('/').map_or(rest, |(_, device)| device).to_owned();
            let value = point["value"].as_f64().unwrap();
            datapoints += 1;
            names.insert(metric.to_owned());
            things.insert(thing.clone());
            let moment = (point["t"].as_i64().unwrap(), thing);
            by_report.entry(moment).or_default().insert(metric.to_owned(), value);
        }
        let reports = by_report.into_iter().map(|((second, thing), values)| Report {
            thing,
            arrived: Timestamp::from_millis(second * 1000),
            payload: report_of(second, &values).to_string().into_bytes(),
        });
        Self {
            reports: reports.collect(),
            things: things.len() as u64,
            datapoints,
            metrics: names.len() as u64,
            documents: documents_of(&names),
        }
    }

    /// Bytes of all reports.
    pub(crate) fn bytes(&self) -> u64 {
        self.reports.iter().map(|report| report.payload.len() as u64).sum()
    }

    /// Writes the reports as the engine writes them when it takes them.
    pub(crate) async fn write(&self, log: &dyn EventLog) {
        let mut by_partition: Vec<Vec<Bytes>> = vec![Vec::new(); usize::from(log.partitions())];
        for report in &self.reports {
            let Report { thing, arrived, payload } = report;
            // The first variant of the engine's records.
            let record = (0_u8, thing.as_str(), false, arrived.as_millis(), payload.as_slice());
            let bytes = Bytes::from(postcard::to_stdvec(&record).unwrap());
            by_partition[usize::from(partition_of(thing, log.partitions()))].push(bytes);
        }
        for (partition, records) in (0..).zip(by_partition) {
            for some in records.chunks(APPENDED) {
                log.append(partition, some.to_vec()).await.unwrap();
            }
        }
    }
}

/// What a camera reports: four ports, five connections, its traffic.
pub(crate) fn synthetic_report(number: u64, ms: i64) -> String {
    let mut connections = String::new();
    for peer in 0..5_u64 {
        let comma = if peer > 0 { "," } else { "" };
        let (host, port) = (1 + (number + peer) % 250, 49_152 + peer);
        write!(connections, r#"{comma}{{"li":"eth0","lp":{port},"rad":"203.0.113.{host}:8883"}}"#)
            .unwrap();
    }
    let (bytes, packets) = (number * 37 % 100_000, number % 700);
    format!(
        r#"{{"hed":{{"rid":{ms},"v":"1.0"}},"met":{{"tp":{{"pts":[{{"if":"eth0","pt":22}},{{"if":"eth0","pt":443}},{{"pt":8883}}],"t":3}},"up":{{"pts":[{{"if":"eth0","pt":5353}}],"t":1}},"ns":{{"bi":{bytes},"bo":{bytes},"pi":{packets},"po":{packets}}},"tc":{{"ec":{{"cs":[{connections}],"t":5}}}}}}}}"#
    )
}

/// Ten behaviours over ten metrics, one of which some devices break.
fn synthetic_profile() -> String {
    let behavior = |metric: &str, criteria: &str| {
        format!(r#"{{"name":"{metric}","metric":"aws:{metric}","criteria":{criteria}}}"#)
    };
    let below = |metric: &str, count: u64, rest: &str| {
        let criteria =
            format!(r#"{{"comparisonOperator":"less-than","value":{{"count":{count}}}{rest}}}"#);
        behavior(metric, &criteria)
    };
    let five = r#","durationSeconds":300,"consecutiveDatapointsToAlarm":2"#;
    let behaviors = [
        below("all-bytes-in", 10_000_000, five),
        below("all-bytes-out", 10_000_000, r#","durationSeconds":900"#),
        below("all-packets-in", 100_000, five),
        below("all-packets-out", 100_000, five),
        below("num-listening-tcp-ports", 4, ""),
        below("num-listening-udp-ports", 2, ""),
        below("num-established-tcp-connections", 6, ""),
        behavior(
            "listening-tcp-ports",
            r#"{"comparisonOperator":"in-port-set","value":{"ports":[22,443,8883]}}"#,
        ),
        behavior(
            "listening-udp-ports",
            r#"{"comparisonOperator":"in-port-set","value":{"ports":[5353]}}"#,
        ),
        behavior(
            "destination-ip-addresses",
            r#"{"comparisonOperator":"in-cidr-set","value":{"cidrs":["203.0.113.0/24","10.0.0.0/8"]}}"#,
        ),
    ];
    profile(&behaviors, &[])
}

/// What the reports of a device say of the metrics that AWS's reports have; the others are custom ones.
fn report_of(second: i64, values: &BTreeMap<String, f64>) -> Value {
    let mut report = json!({"hed": {"rid": second, "v": "1.0"}, "met": {}, "cmet": {}});
    for (metric, value) in values {
        let count = value.max(0.0) as u64;
        match built_in(metric) {
            Some(path) => report["met"][path[0]][path[1]] = count.into(),
            None if metric == "aws:num-established-tcp-connections" => {
                report["met"]["tc"]["ec"]["t"] = count.into();
            }
            None => report["cmet"][custom_name(metric)] = json!([{ "number": value }]),
        }
    }
    report
}

fn built_in(metric: &str) -> Option<[&'static str; 2]> {
    Some(match metric {
        "aws:all-bytes-in" => ["ns", "bi"],
        "aws:all-bytes-out" => ["ns", "bo"],
        "aws:all-packets-in" => ["ns", "pi"],
        "aws:all-packets-out" => ["ns", "po"],
        "aws:num-listening-tcp-ports" => ["tp", "t"],
        "aws:num-listening-udp-ports" => ["up", "t"],
        _ => return None,
    })
}

fn is_reported(metric: &str) -> bool {
    built_in(metric).is_some() || metric == "aws:num-established-tcp-connections"
}

/// Front-door metrics of the fleet are put into the reports, under names that reports may have.
fn custom_name(metric: &str) -> String {
    metric.split_once(':').map_or(metric, |(_, name)| name).to_owned()
}

/// Custom metrics for what reports have no place for, and ten behaviours on the first ten metrics.
fn documents_of(names: &BTreeSet<String>) -> Vec<Named> {
    let mut documents = Vec::new();
    let mut behaviors = Vec::new();
    let mut retained = Vec::new();
    for metric in names {
        let name = if is_reported(metric) { metric.clone() } else { custom_name(metric) };
        if !is_reported(metric) {
            let body = r#"{"metricType":"number"}"#.to_owned();
            documents.push((DocumentKind::CustomMetric, name.clone(), body));
        }
        behaviors.push(format!(
            r#"{{"name":"{name}","metric":"{name}","criteria":{{"comparisonOperator":"less-than","value":{{"count":1000000000}},"durationSeconds":300}}}}"#
        ));
        retained.push(name);
    }
    behaviors.truncate(10);
    let retained: Vec<&str> = retained.iter().map(String::as_str).collect();
    let body = profile(&behaviors, &retained);
    documents.push((DocumentKind::SecurityProfile, "fleet".to_owned(), body));
    documents
}
