//! Two days of datapoints of invented devices.

use picket_core::{Clock as _, MetricValue, SystemClock, Timestamp};
use picket_ports::metric_history::by_hand::HistoryByHand;
use picket_ports::metric_history::{
    BacktestReport, Band, BehaviorOutcome, Series, StoredDatapoint, Suggestion,
};

use super::sample_alarms;

const STEP_MS: i64 = 300_000;
const STEPS: i64 = 576;
const HOUR_MS: i64 = 3_600_000;

/// What is stored of some devices, and what follows from it.
pub(crate) fn stored() -> HistoryByHand {
    let history = HistoryByHand::default();
    let now = SystemClock.now();
    let mut points = history.points.lock().unwrap();
    for n in 0..240_u32 {
        let thing = format!("{}-{n:04}", super::KINDS[n as usize % super::KINDS.len()]);
        for metric in ["aws:all-bytes-out", "aws:all-bytes-in", "aws:num-messages-sent"] {
            let series = Series { metric: metric.to_owned(), dimension: None };
            let all = (0..STEPS).map(|step| point(now, step, wave(n, step)));
            points.insert((thing.clone(), series), all.collect());
        }
        let ports = Series { metric: "aws:listening-tcp-ports".to_owned(), dimension: None };
        let all = (0..STEPS).map(|step| {
            let ports = if n % 20 == 3 && step > 500 { vec![21, 22, 8883] } else { vec![22, 8883] };
            StoredDatapoint { value: MetricValue::Ports(ports), ..point(now, step, 0) }
        });
        points.insert((thing, ports), all.collect());
    }
    drop(points);
    *history.bands.lock().unwrap() = (0..STEPS).map(|step| band(now, step)).collect();
    *history.report.lock().unwrap() = Some(report(now));
    history.suggestions.lock().unwrap().extend(suggestions());
    history
}

fn at(now: Timestamp, step: i64) -> Timestamp {
    Timestamp::from_millis(now.as_millis() - (STEPS - step) * STEP_MS)
}

fn wave(n: u32, step: i64) -> u64 {
    let day = (step as f64 / 288.0 * std::f64::consts::TAU).sin();
    (20_000.0 + 9_000.0 * day + f64::from(n % 17) * 700.0) as u64
}

fn point(now: Timestamp, step: i64, count: u64) -> StoredDatapoint {
    StoredDatapoint { time: at(now, step), value: MetricValue::Count(count) }
}

fn band(now: Timestamp, step: i64) -> Band {
    let at_least = wave(0, step) as f64;
    Band {
        start_ms: at(now, step),
        devices: 240,
        min: at_least,
        p10: at_least + 900.0,
        p50: at_least + 5_600.0,
        p90: at_least + 10_100.0,
        p99: at_least + 11_000.0,
        max: at_least + 11_200.0,
    }
}

fn report(now: Timestamp) -> BacktestReport {
    let outcome = |behavior: &str, alarms| BehaviorOutcome {
        behavior: behavior.to_owned(),
        datapoints: 138_240,
        violating: alarms * 3,
        alarms,
        devices: alarms,
        without_data: false,
    };
    BacktestReport {
        from: at(now, 0),
        to: now,
        devices: 240,
        datapoints: 276_480,
        behaviors: vec![outcome("listening-ports", 12), outcome("bytes-out", 0)],
        alarms: sample_alarms::active(12),
        truncated: false,
        by_hour: (0..6)
            .map(|n| (Timestamp::from_millis(now.as_millis() - n * HOUR_MS), 2))
            .collect(),
    }
}

fn suggestions() -> [Suggestion; 2] {
    let suggestion = |behavior: &str, because: &str| Suggestion {
        behavior: behavior.to_owned(),
        because: because.to_owned(),
        devices: 240,
        datapoints: 138_240,
    };
    [
        suggestion(
            r#"{"name":"listening-tcp-ports","metric":"aws:listening-tcp-ports","criteria":{"comparisonOperator":"in-port-set","value":{"ports":[22,8883]},"consecutiveDatapointsToAlarm":1,"consecutiveDatapointsToClear":1}}"#,
            "2 ports were seen in 138240 datapoints of 240 devices, no others",
        ),
        suggestion(
            r#"{"name":"all-bytes-out","metric":"aws:all-bytes-out","criteria":{"comparisonOperator":"less-than-equals","value":{"count":51000},"durationSeconds":300,"consecutiveDatapointsToAlarm":1,"consecutiveDatapointsToClear":1}}"#,
            "99.9 % of 138240 datapoints of 240 devices were at most 40200, the largest was 40200; the threshold is 25 % above the 99.9 %",
        ),
    ]
}
