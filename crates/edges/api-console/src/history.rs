//! The last minutes of the line, one sample a second, for rates and sparklines.

use std::collections::VecDeque;
use std::time::Duration;

use picket_core::{LedgerSnapshot, Timestamp};
use picket_ports::StageStatus;
use serde::Serialize;

use crate::state::Shared;

/// Ten minutes.
const SAMPLES_MAX: usize = 600;
const SAMPLE_PERIOD: Duration = Duration::from_secs(1);
/// Counting things and alarms costs more than reading counters; it is done each so many samples.
const COUNT_EVERY: u32 = 5;
/// Rates are taken over so many samples.
const RATE_SAMPLES: usize = 10;
/// The stage whose intake is the rate of reports.
const REPORTS_STAGE: &str = "reports";

#[derive(Debug, Clone)]
struct Sample {
    time: Timestamp,
    stages: Vec<StageStatus>,
    active_alarms: Option<u64>,
}

/// The samples, oldest first.
#[derive(Debug, Default)]
pub(crate) struct History {
    samples: VecDeque<Sample>,
    things: Option<u64>,
    active_alarms: Option<u64>,
}

/// One stage with its rates.
#[derive(Debug, Serialize)]
pub(crate) struct StageView {
    ledger: LedgerSnapshot,
    backlog: Option<u64>,
    received_per_second: f64,
    delivered_per_second: f64,
    dropped_per_second: f64,
    /// Seconds of work that wait in front of the stage at its present pace; absent where it keeps no
    /// log, or has work waiting and does not move.
    lag_seconds: Option<f64>,
}

/// Series over the same instants, oldest first.
#[derive(Debug, Serialize)]
pub(crate) struct Trend {
    times_ms: Vec<Timestamp>,
    reports_per_second: Vec<f64>,
    active_alarms: Vec<Option<u64>>,
}

impl History {
    fn push(&mut self, sample: Sample) {
        if self.samples.len() == SAMPLES_MAX {
            self.samples.pop_front();
        }
        self.samples.push_back(sample);
    }

    /// How many things there are, as last counted.
    pub(crate) const fn things(&self) -> Option<u64> {
        self.things
    }

    /// The stages of the newest sample with their rates.
    pub(crate) fn stages(&self) -> Vec<StageView> {
        let Some(newest) = self.samples.back() else { return Vec::new() };
        let before = self.samples.len().saturating_sub(RATE_SAMPLES + 1);
        let before = self.samples.get(before).unwrap_or(newest);
        newest.stages.iter().map(|stage| view(stage, before, newest)).collect()
    }

    /// Reports taken in per second, lately.
    pub(crate) fn reports_per_second(&self) -> f64 {
        let stages = self.stages();
        let reports = stages.iter().find(|view| view.ledger.stage == REPORTS_STAGE);
        reports.map_or(0.0, |view| view.received_per_second)
    }

    /// The series of the whole history.
    pub(crate) fn trend(&self) -> Trend {
        let mut trend = Trend {
            times_ms: Vec::new(),
            reports_per_second: Vec::new(),
            active_alarms: Vec::new(),
        };
        for (before, sample) in self.samples.iter().zip(self.samples.iter().skip(1)) {
            trend.times_ms.push(sample.time);
            let taken = |sample: &Sample| reports(sample).map_or(0, |stage| stage.ledger.received);
            let rate = per_second(taken(before), taken(sample), before.time, sample.time);
            trend.reports_per_second.push(rate);
            trend.active_alarms.push(sample.active_alarms);
        }
        trend
    }
}

fn reports(sample: &Sample) -> Option<&StageStatus> {
    sample.stages.iter().find(|stage| stage.ledger.stage == REPORTS_STAGE)
}

fn view(stage: &StageStatus, before: &Sample, newest: &Sample) -> StageView {
    let earlier = before.stages.iter().find(|other| other.ledger.stage == stage.ledger.stage);
    let rate = |count: fn(&StageStatus) -> u64| {
        let from = earlier.map_or(0, count);
        per_second(from, count(stage), before.time, newest.time)
    };
    let delivered_per_second = rate(|stage| stage.ledger.delivered);
    let dropped_per_second = rate(|stage| stage.ledger.dropped.values().sum());
    StageView {
        received_per_second: rate(|stage| stage.ledger.received),
        delivered_per_second,
        dropped_per_second,
        lag_seconds: lag(stage.backlog, delivered_per_second + dropped_per_second),
        ledger: stage.ledger.clone(),
        backlog: stage.backlog,
    }
}

fn lag(backlog: Option<u64>, pace: f64) -> Option<f64> {
    match backlog? {
        0 => Some(0.0),
        waiting => (pace > 0.0).then(|| waiting as f64 / pace),
    }
}

fn per_second(from: u64, to: u64, start: Timestamp, end: Timestamp) -> f64 {
    let seconds = end.since(start).as_secs_f64();
    if seconds > 0.0 { to.saturating_sub(from) as f64 / seconds } else { 0.0 }
}

/// Samples until the console stops.
pub(crate) async fn keep(state: Shared, tasks: picket_core::Tasks) {
    let mut ticks = tokio::time::interval(SAMPLE_PERIOD);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    let mut round = 0_u32;
    loop {
        tokio::select! {
            () = tasks.stopping() => return,
            _ = ticks.tick() => {}
        }
        if round.is_multiple_of(COUNT_EVERY) {
            count(&state).await;
        }
        round = round.wrapping_add(1);
        let stages = state.pipeline.stages();
        let mut history = state.history();
        let active_alarms = history.active_alarms;
        history.push(Sample { time: state.now(), stages, active_alarms });
    }
}

/// Counts things and alarms. What cannot be counted shows as unknown, and the log says why.
async fn count(state: &Shared) {
    let things = state.registry.count_things().await;
    let alarms = state.alarms.active(&Default::default()).await;
    let things = things.inspect_err(|error| tracing::warn!(%error, "things were not counted"));
    let alarms = alarms.inspect_err(|error| tracing::warn!(%error, "alarms were not counted"));
    let mut history = state.history();
    history.things = things.ok();
    history.active_alarms = alarms.ok().map(|alarms| alarms.len() as u64);
}

#[cfg(test)]
mod tests {
    use picket_core::Ledger;

    use super::*;

    fn sample(second: i64, received: u64, delivered: u64) -> Sample {
        let ledger = Ledger::new(REPORTS_STAGE);
        ledger.received(received);
        ledger.delivered(delivered);
        let backlog = Some(received - delivered);
        Sample {
            time: Timestamp::from_millis(second * 1000),
            stages: vec![StageStatus { ledger: ledger.snapshot(), backlog }],
            active_alarms: Some(1),
        }
    }

    #[test]
    fn rates_are_taken_over_the_last_ten_seconds() {
        let mut history = History::default();
        for second in 0..30_u32 {
            let received = u64::from(second.saturating_sub(15)) * 100;
            history.push(sample(second.into(), received, received / 2));
        }
        let stages = history.stages();
        assert_eq!(stages[0].received_per_second, 100.0);
        assert_eq!(stages[0].delivered_per_second, 50.0);
        assert_eq!(stages[0].lag_seconds, Some(700.0 / 50.0));
        assert_eq!(history.trend().reports_per_second.len(), 29);
    }

    #[test]
    fn the_history_is_bounded_and_a_restarted_counter_gives_no_negative_rate() {
        let mut history = History::default();
        for second in 0..1000 {
            history.push(sample(second, 10_000, 0));
        }
        history.push(sample(1000, 5, 0));
        assert_eq!(history.samples.len(), SAMPLES_MAX);
        assert_eq!(history.reports_per_second(), 0.0);
    }

    #[test]
    fn a_stage_that_stands_still_with_work_waiting_has_no_known_lag() {
        assert_eq!(lag(Some(5), 0.0), None);
        assert_eq!(lag(Some(0), 0.0), Some(0.0));
        assert_eq!(lag(None, 9.0), None);
    }
}
