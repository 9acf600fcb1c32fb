//! Answers that look like those of the SIEM, chosen by words in the search.

use async_trait::async_trait;
use picket_core::Timestamp;
use picket_ports::{Search, SearchError, SearchRequest, SearchResult};
use serde_json::{Map, Value, json};

#[derive(Debug)]
pub(crate) struct SampleSearch;

#[async_trait]
impl Search for SampleSearch {
    async fn search(&self, request: SearchRequest) -> Result<SearchResult, SearchError> {
        let spl = &request.spl;
        if let Some((before, _)) = spl.split_once("| chrat") {
            let line = before.matches('\n').count() as u32 + 1;
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() as u32 + 3;
            let message = "unknown command `chrat`; did you mean `chart`?".to_owned();
            return Err(SearchError::Syntax { message, line, column });
        }
        if spl.contains("nothing") {
            return Ok(table(&[], Vec::new(), false));
        }
        Ok(if spl.contains("timechart") {
            metrics(request.now)
        } else if spl.contains("dedup name") {
            lists(request.now)
        } else if spl.contains("count(open-ports)") {
            open_ports(request.now)
        } else if spl.contains("chart") {
            tcp_counts(request.now)
        } else if spl.contains("stats") {
            by_thing()
        } else {
            events(request.now, request.rows_max)
        })
    }
}

fn table(fields: &[&str], rows: Vec<Map<String, Value>>, is_events: bool) -> SearchResult {
    SearchResult {
        fields: fields.iter().map(|field| (*field).to_owned()).collect(),
        event_count: rows.len() as u64,
        scan_count: rows.len() as u64 * 3,
        rows,
        is_events,
        messages: Vec::new(),
        duration_ms: 38,
    }
}

fn row<const N: usize>(cells: [(&str, Value); N]) -> Map<String, Value> {
    cells.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn minutes(now: Timestamp, count: i64) -> impl Iterator<Item = (i64, String)> {
    (0..count).map(move |n| {
        let time = Timestamp::from_millis(now.as_millis() - (count - n) * 60_000);
        (n, time.to_string())
    })
}

fn wave(n: i64, base: f64, swing: f64, seed: f64) -> f64 {
    let x = n as f64;
    (base + swing * (x / 9.0 + seed).sin() + swing * 0.3 * (x * 1.7 + seed).sin()).max(0.0)
}

fn metrics(now: Timestamp) -> SearchResult {
    let fields = [
        "_time",
        "aws:all-bytes-in",
        "aws:all-bytes-out",
        "aws:all-packets-out",
        "aws:num-authorization-failures",
        "aws:num-established-tcp-connections",
        "aws:num-listening-tcp-ports",
        "aws:num-messages-sent",
    ];
    let rows = minutes(now, 60).map(|(n, time)| {
        row([
            ("_time", json!(time)),
            ("aws:all-bytes-in", json!(format!("{:.0}", wave(n, 40_000.0, 9_000.0, 1.0)))),
            ("aws:all-bytes-out", json!(format!("{:.0}", wave(n, 90_000.0, 30_000.0, 2.0)))),
            ("aws:all-packets-out", json!(format!("{:.0}", wave(n, 800.0, 120.0, 3.0)))),
            ("aws:num-authorization-failures", json!("0")),
            (
                "aws:num-established-tcp-connections",
                json!(format!("{:.0}", wave(n, 4.0, 1.5, 4.0))),
            ),
            ("aws:num-listening-tcp-ports", json!(if n > 52 { "3" } else { "2" })),
            ("aws:num-messages-sent", json!(format!("{:.0}", wave(n, 30.0, 6.0, 5.0)))),
        ])
    });
    table(&fields, rows.collect(), false)
}

fn lists(now: Timestamp) -> SearchResult {
    let time = json!(now.to_string());
    let rows = vec![
        row([
            ("_time", time.clone()),
            ("name", json!("aws:listening-tcp-ports")),
            ("ports", json!(["21", "22", "8883"])),
        ]),
        row([
            ("_time", time.clone()),
            ("name", json!("aws:listening-udp-ports")),
            ("ports", json!("68")),
        ]),
        row([
            ("_time", time),
            ("name", json!("aws:destination-ip-addresses")),
            ("addresses", json!(["10.0.0.4", "10.0.0.9"])),
        ]),
    ];
    table(&["_time", "name", "ports", "addresses"], rows, false)
}

fn open_ports(now: Timestamp) -> SearchResult {
    let rows = minutes(now, 60).map(|(n, time)| {
        row([
            ("_time", json!(time)),
            ("21", json!(if n > 52 { "1" } else { "0" })),
            ("22", json!("1")),
            ("8883", json!("1")),
        ])
    });
    table(&["_time", "21", "22", "8883"], rows.collect(), false)
}

fn tcp_counts(now: Timestamp) -> SearchResult {
    let things: Vec<String> = (0..8).map(|n| format!("infusion-pump-{:04}", n * 4)).collect();
    let mut fields = vec!["_time"];
    fields.extend(things.iter().map(String::as_str));
    let rows = minutes(now, 60).map(|(n, time)| {
        let mut cells = row([("_time", json!(time))]);
        for (k, thing) in things.iter().enumerate() {
            let open = if k == 3 && n > 52 { 4 } else { 2 + k % 2 };
            cells.insert(thing.clone(), json!(open.to_string()));
        }
        cells
    });
    let rows = rows.collect();
    table(&fields, rows, false)
}

fn by_thing() -> SearchResult {
    let rows = (0..400_u32).map(|n| {
        row([
            (
                "thing",
                json!(if n == 7 {
                    "=HYPERLINK(\"http://x\")".to_owned()
                } else {
                    format!("camera-{n:04}")
                }),
            ),
            ("count", json!((n * 37 % 1009).to_string())),
            ("ports", json!(["22", "8883"])),
        ])
    });
    table(&["thing", "count", "ports"], rows.collect(), false)
}

fn events(now: Timestamp, rows_max: usize) -> SearchResult {
    let names = [
        "aws:num-listening-tcp-ports",
        "aws:all-bytes-out",
        "aws:num-messages-sent",
        "aws:all-packets-in",
    ];
    let rows = (0..rows_max.min(1000)).map(|n| {
        let time = Timestamp::from_millis(now.as_millis() - n as i64 * 1_700);
        let (thing, name) = (format!("camera-{:04}", n * 7 % 240), names[n % names.len()]);
        let count = n * 7919 % 1000;
        let raw = json!({"name": name, "thing": thing, "value": {"count": count}, "timestamp": time.as_millis()});
        row([
            ("_time", json!(time.to_string())),
            ("_raw", json!(raw.to_string())),
            ("host", json!("127.0.0.1")),
            ("index", json!("iot")),
            ("name", json!(name)),
            ("source", json!("http:picket")),
            ("sourcetype", json!("aws-iot-device-defender")),
            ("thing", json!(thing)),
            ("timestamp", json!(time.as_millis().to_string())),
            ("value.count", json!(count.to_string())),
        ])
    });
    let mut result = table(
        &[
            "_time",
            "_raw",
            "host",
            "index",
            "name",
            "source",
            "sourcetype",
            "thing",
            "timestamp",
            "value.count",
        ],
        rows.collect(),
        true,
    );
    result.messages.push("1,000 of 48,210 events are shown".to_owned());
    result
}
