//! Reports as the gateway hands them over, some of which must raise an alarm.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use picket_core::{Clock as _, SystemClock};
use picket_detect::DetectEngine;
use picket_ports::alarms::AlarmFilter;
use picket_ports::reports::ReportFormat;
use picket_ports::{Alarms as _, ReportIntake as _, ReportPublish};
use tokio::sync::Semaphore;

use super::load::synthetic_report;
use super::world::cpu_time;

/// Reports that wait for the disk at the same time.
const UNACKNOWLEDGED: usize = 2000;
/// Every so many reports one has a port that is not allowed.
const BAD_EVERY: u64 = 500;

/// Hands over `rate` reports a second for `seconds`, and looks for the alarms.
pub(crate) async fn run(engine: &Arc<DetectEngine>, things: u64, (seconds, rate): (u64, u64)) {
    let room = Arc::new(Semaphore::new(UNACKNOWLEDGED));
    let (cpu, began) = (cpu_time(), Instant::now());
    let mut bad: HashMap<String, Instant> = HashMap::new();
    let mut latencies: Vec<Duration> = Vec::new();
    let mut sent = 0_u64;
    let total = seconds * rate;
    while sent < total {
        let due = (began.elapsed().as_secs_f64() * rate as f64) as u64;
        for number in sent..due.min(total) {
            let permit = room.clone().acquire_owned().await.unwrap();
            let (engine, report) = (engine.clone(), report(number, things));
            if number.is_multiple_of(BAD_EVERY) {
                bad.insert(report.thing.clone(), Instant::now());
            }
            #[expect(clippy::disallowed_methods, reason = "no part of the server")]
            tokio::spawn(async move {
                assert!(engine.submit(report).await.unwrap().accepted);
                drop(permit);
            });
        }
        sent = sent.max(due.min(total));
        look(engine, &mut bad, &mut latencies).await;
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let deadline = Instant::now() + Duration::from_secs(30);
    while (!bad.is_empty() || engine.stats().lag_records > 0) && Instant::now() < deadline {
        look(engine, &mut bad, &mut latencies).await;
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert!(bad.is_empty(), "{} alarms did not come", bad.len());
    latencies.sort_unstable();
    let at = |share: usize| latencies[(latencies.len() * share / 100).min(latencies.len() - 1)];
    println!(
        "live            {:>9.0} reports/s taken and evaluated, {:.0} for each second of processor time; report \
         to alarm: median {:?}, p99 {:?}, of {}",
        total as f64 / began.elapsed().as_secs_f64(),
        total as f64 / (cpu_time() - cpu).as_secs_f64(),
        at(50),
        at(99),
        latencies.len()
    );
}

async fn look(
    engine: &DetectEngine,
    bad: &mut HashMap<String, Instant>,
    latencies: &mut Vec<Duration>,
) {
    if bad.is_empty() {
        return;
    }
    let filter =
        AlarmFilter { behavior: Some("listening-tcp-ports".to_owned()), ..AlarmFilter::default() };
    let active = engine.active(&filter).await.unwrap();
    for alarm in active {
        if let Some(sent) = bad.remove(&alarm.thing) {
            latencies.push(sent.elapsed());
        }
    }
}

fn report(number: u64, things: u64) -> ReportPublish {
    let now = SystemClock.now();
    let is_bad = number.is_multiple_of(BAD_EVERY);
    let payload = synthetic_report(number, now.as_millis());
    let payload = if is_bad { payload.replacen(r#""pt":22}"#, r#""pt":23}"#, 1) } else { payload };
    // Things that break a behaviour do so once.
    let thing =
        if is_bad { format!("bad-{number:07}") } else { format!("camera-{:07}", number % things) };
    ReportPublish {
        publisher: Some(thing.clone()),
        thing,
        format: ReportFormat::Json,
        payload: Bytes::from(payload),
        arrived: now,
    }
}
