//! Stored datapoints: values, bands, previews and suggestions.

use picket_core::{MetricValue, Timestamp};
use picket_ports::metric_history::by_hand::HistoryByHand;
use picket_ports::metric_history::{
    BacktestReport, Band, BehaviorOutcome, Series, StoredDatapoint, Suggestion,
};
use serde_json::{Value, json};

use crate::rig::{NOW, Rig, violation};

const HOUR_MS: i64 = 3_600_000;

fn ago(hours: i64) -> Timestamp {
    Timestamp::from_millis(NOW.as_millis() - hours * HOUR_MS)
}

/// Ten datapoints of `cam-1`, one alarm that would have been, and a suggestion.
pub(crate) fn fill(history: &HistoryByHand) {
    let bytes = Series { metric: "aws:all-bytes-out".to_owned(), dimension: None };
    let dimension = Some(("topics".to_owned(), "IN".to_owned()));
    let sent = Series { metric: "aws:num-messages-sent".to_owned(), dimension };
    let point =
        |n: i64| StoredDatapoint { time: ago(10 - n), value: MetricValue::Count(n.unsigned_abs()) };
    let mut points = history.points.lock().unwrap();
    points.insert(("cam-1".to_owned(), bytes), (0..10).map(point).collect());
    points.insert(("cam-1".to_owned(), sent), vec![point(3)]);
    let (min, p50, max) = (1.0, 2.5, 9.0);
    let band = Band { start_ms: ago(1), devices: 7, min, p10: min, p50, p90: max, p99: max, max };
    history.bands.lock().unwrap().push(band);
    let outcome = BehaviorOutcome {
        behavior: "ports".to_owned(),
        datapoints: 10,
        violating: 2,
        alarms: 1,
        devices: 1,
        without_data: false,
    };
    *history.report.lock().unwrap() = Some(BacktestReport {
        from: ago(5),
        to: NOW,
        devices: 1,
        datapoints: 10,
        behaviors: vec![outcome],
        alarms: vec![violation("01", "cam-1")],
        truncated: false,
        by_hour: vec![(ago(2), 1)],
    });
    history.suggestions.lock().unwrap().push(Suggestion {
        behavior: r#"{"name":"ports","metric":"aws:listening-tcp-ports"}"#.to_owned(),
        because: "2 ports were seen".to_owned(),
        devices: 3,
        datapoints: 30,
    });
}

async fn rig() -> Rig {
    let rig = Rig::start(|_| {}).await;
    fill(&rig.history);
    rig
}

#[tokio::test]
async fn values_of_a_device_come_oldest_first_with_their_unit() {
    let rig = rig().await;
    let vera = rig.logged_in("vera").await;
    let series = vera.get("/api/v1/things/cam-1/series").await.json();
    assert_eq!(
        series["series"][1],
        json!({"metric": "aws:num-messages-sent", "dimension": {"name": "topics", "operator": "IN"}})
    );
    let (from, to) = (ago(8).as_millis(), NOW.as_millis());
    let asked = |metric: &str, rest: &str| {
        format!("/api/v1/metric-values?thing=cam-1&metric={metric}&from_ms={from}&to_ms={to}{rest}")
    };
    let values = vera.get(&asked("aws:all-bytes-out", "")).await.json();
    let times: Vec<i64> = values["points"]
        .as_array()
        .unwrap()
        .iter()
        .map(|point| point["time_ms"].as_i64().unwrap())
        .collect();
    assert_eq!(times, (1..=8).rev().map(|hours| ago(hours).as_millis()).collect::<Vec<_>>());
    assert_eq!((&values["unit"], &values["truncated"]), (&json!("bytes"), &json!(false)));
    let sent = asked("aws:num-messages-sent", "&dimension=topics");
    assert_eq!(vera.get(&sent).await.json()["points"].as_array().unwrap().len(), 1);
    assert_eq!(vera.get(&asked("nothing", "")).await.status, 404);
    let wrong = vera.get(&asked("aws:num-messages-sent", "&operator=IN")).await;
    assert_eq!((wrong.status, wrong.error_code().as_str()), (400, "invalid"));
}

#[tokio::test]
async fn a_very_long_series_is_cut_at_its_older_end() {
    let rig = rig().await;
    let series = Series { metric: "long".to_owned(), dimension: None };
    let point = |n: i64| StoredDatapoint {
        time: Timestamp::from_millis(n),
        value: MetricValue::Count(n.unsigned_abs()),
    };
    let long = (0..5001).map(point).collect();
    rig.history.points.lock().unwrap().insert(("cam-1".to_owned(), series), long);
    let vera = rig.logged_in("vera").await;
    for (to, first, truncated) in [(5001, 1, true), (5000, 0, false)] {
        let asked = format!("/api/v1/metric-values?thing=cam-1&metric=long&from_ms=0&to_ms={to}");
        let values = vera.get(&asked).await.json();
        assert_eq!(values["points"].as_array().unwrap().len(), 5000);
        assert_eq!(values["points"][0]["time_ms"], first);
        assert_eq!(values["truncated"], truncated);
    }
}

#[tokio::test]
async fn a_preview_says_what_would_have_been_and_needs_an_analyst() {
    let rig = rig().await;
    let body = json!({"document": {"behaviors": []}, "last": "24h"});
    let ana = rig.logged_in("ana").await;
    let preview = ana.post("/api/v1/profile-preview", &body).await.json();
    assert_eq!(preview["behaviors"][0]["violating"], 2);
    assert_eq!(preview["by_hour"][0], json!({"start_ms": ago(2), "alarms": 1}));
    let alarm = &preview["alarms"][0];
    assert_eq!((&alarm["thing"], &alarm["ended_ms"]), (&json!("cam-1"), &Value::Null));
    assert_eq!(alarm["datapoints"][0]["value"], json!({"ports": [21]}));
    let tried = rig.history.tried.lock().unwrap().remove(0);
    assert_eq!((tried.name.as_str(), tried.from), ("draft", ago(24)));
    assert_eq!(tried.document, r#"{"behaviors":[]}"#);
    let vera = rig.logged_in("vera").await;
    assert_eq!(vera.post("/api/v1/profile-preview", &body).await.status, 403);
    *rig.history.report.lock().unwrap() = None;
    let wrong = ana.post("/api/v1/profile-preview", &body).await;
    assert_eq!((wrong.status, wrong.error_code().as_str()), (400, "invalid"));
}

#[tokio::test]
async fn a_preview_tells_line_by_line_how_far_it_has_come() {
    let rig = rig().await;
    let body = json!({"document": {}, "last": "2h"});
    let ana = rig.logged_in("ana").await.with("accept", "application/x-ndjson");
    let lines = |answer: &str| -> Vec<Value> {
        let json = answer.lines().filter(|line| line.starts_with('{'));
        json.map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let answer = ana.post("/api/v1/profile-preview", &body).await;
    let told = lines(&answer.body);
    assert_eq!(told.last().unwrap()["result"]["devices"], 1, "{}", answer.body);
    *rig.history.report.lock().unwrap() = None;
    let answer = ana.post("/api/v1/profile-preview", &body).await;
    assert_eq!(lines(&answer.body)[0]["error"]["message"], "the profile is wrong");
}

#[tokio::test]
async fn suggestions_are_asked_for_a_group_and_some_metrics() {
    let rig = rig().await;
    let ana = rig.logged_in("ana").await;
    let body = json!({"group": "picket-fleet", "metrics": ["aws:all-bytes-out"], "last": "7d"});
    let found = ana.post("/api/v1/profile-suggestion", &body).await.json();
    assert_eq!(found["suggestions"][0]["behavior"]["metric"], "aws:listening-tcp-ports");
    let asked = rig.history.asked.lock().unwrap().remove(0);
    assert_eq!(asked.group.as_deref(), Some("picket-fleet"));
    assert_eq!((asked.from, asked.metrics.len()), (ago(7 * 24), 1));
    for last in ["", "7", "x", "0h", "9999999d", "-1h", "1 h"] {
        let answer = ana.post("/api/v1/profile-suggestion", &json!({"last": last})).await;
        assert_eq!(answer.status, 400, "{last:?}");
    }
}
