//! "Had this profile been on": trying a profile on what is stored.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use picket_core::Timestamp;
use picket_ports::metric_history::{
    BacktestReport, BehaviorOutcome, HistoryError, Progress, Series,
};
use picket_profile::{Behavior, Criteria, MetricDimension, Profile, amount};

use super::History;
use super::days::DAY_MS;
use super::fleet::{Entry, Halt, Visitor, Walk, walk};
use super::measure::{Measure, Watch, Watches};
use super::replay::{Plan, Replay, Tally};
use crate::config::DetectConfig;
use crate::violation::Percentile;

/// Values of one day that percentiles are made of, at most: 64 MiB.
const VALUES_MAX: u64 = 8 << 20;

/// A profile and on what it is tried.
pub(super) struct Trial<'a> {
    pub(super) profile: Profile,
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    pub(super) alarms_max: usize,
    /// Whom the profile watches.
    pub(super) wanted: &'a (dyn Fn(&str) -> bool + Send + Sync),
    pub(super) progress: Progress<'a>,
}

/// The series that a behaviour looks at.
pub(super) fn series_of(metric: &str, dimension: Option<&MetricDimension>) -> Series {
    let dimension =
        dimension.map(|it| (it.dimension.name.clone(), it.operator.as_str().to_owned()));
    Series { metric: metric.to_owned(), dimension }
}

impl History {
    /// Tries a profile.
    pub(super) async fn backtest(
        &self,
        config: &DetectConfig,
        trial: Trial<'_>,
    ) -> Result<BacktestReport, HistoryError> {
        let Trial { profile, from, to, alarms_max, wanted, progress } = trial;
        let oldest = self.stored().await?.map_or(to, |(oldest, _)| oldest);
        let from = from.max(oldest.min(to));
        let watch = |behavior: &Behavior| {
            let series = series_of(behavior.metric.name(), behavior.dimension.as_ref());
            let over = (behavior.metric.side(), behavior.windows);
            let watch = Watch::new(series.metric.as_str(), self.book.find(&series), over);
            if behavior.is_statistical() { watch.statistical() } else { watch }
        };
        let watches: Vec<Watch> = profile.behaviors.iter().map(watch).collect();
        let watches = Arc::new(Watches::new(watches, config.window));
        let mut plan = Plan {
            profile,
            watches,
            percentiles: HashMap::new(),
            from,
            to,
            grace: config.grace,
            silence: config.silence,
            partitions: config.partitions,
            alarms_max,
        };
        let passes =
            if plan.profile.behaviors.iter().any(Behavior::is_statistical) { 2 } else { 1 };
        if passes == 2 {
            let half = |done, all: u64| progress(done, all.saturating_mul(2));
            plan.percentiles = self.percentiles(&plan, (wanted, &half)).await?;
        }
        let whole = |done, all: u64| match passes {
            1 => progress(done, all),
            _ => progress(all.saturating_add(done), all.saturating_mul(2)),
        };
        let plan = Arc::new(plan);
        let lead = plan.watches.lead();
        let asked = Walk { from: earlier(from, lead), to, wanted, progress: &whole };
        let replays = walk(self, &asked, || Replay::new(plan.clone())).await?;
        let mut tally = Tally::default();
        for (index, replay) in replays.into_iter().enumerate() {
            match index {
                0 => tally = replay.into_tally(),
                _ => tally.add(replay.into_tally(), alarms_max),
            }
        }
        Ok(report(tally, (from, to)))
    }

    /// The percentiles that the behaviours of a plan compare with, by behaviour and end of the period.
    /// Made day by day, so that the values of one day are held at a time.
    async fn percentiles(
        &self,
        plan: &Plan,
        (wanted, progress): (&(dyn Fn(&str) -> bool + Send + Sync), Progress<'_>),
    ) -> Result<HashMap<(usize, Timestamp), Percentile>, HistoryError> {
        let day = Duration::from_millis(DAY_MS.unsigned_abs());
        let all = self.records(plan.from, plan.to).await?;
        let mut percentiles = HashMap::new();
        let mut start = plan.from.floor_to(day);
        let mut before = 0;
        while start < plan.to {
            let end = start.plus(day);
            let here = self.records(start, end).await?;
            let told = |done: u64, _| progress((before + done.min(here)).min(all), all);
            self.sample(plan, (start, end), (wanted, &told), &mut percentiles).await?;
            before += here;
            start = end;
        }
        Ok(percentiles)
    }

    /// Adds the percentiles of the periods that end in `start..=end`, the first instant out.
    async fn sample(
        &self,
        plan: &Plan,
        (start, end): (Timestamp, Timestamp),
        (wanted, progress): (&(dyn Fn(&str) -> bool + Send + Sync), Progress<'_>),
        percentiles: &mut HashMap<(usize, Timestamp), Percentile>,
    ) -> Result<(), HistoryError> {
        let is_statistical: Arc<[bool]> =
            plan.profile.behaviors.iter().map(Behavior::is_statistical).collect();
        let held = Arc::new(AtomicU64::new(0));
        let make = || Sample {
            measure: Measure::new(plan.watches.clone()),
            is_statistical: is_statistical.clone(),
            ends: (start, end),
            values: HashMap::new(),
            held: held.clone(),
        };
        let to = end.plus(Duration::from_millis(1)).min(plan.to);
        let asked = Walk { from: earlier(start, plan.watches.lead()), to, wanted, progress };
        let mut all: HashMap<(usize, Timestamp), Vec<f64>> = HashMap::new();
        for sample in walk(self, &asked, make).await? {
            for (key, mut values) in sample.values {
                all.entry(key).or_default().append(&mut values);
            }
        }
        percentiles.extend(all.into_iter().filter_map(|((place, end), mut values)| {
            let behavior = plan.profile.behaviors.get(place)?;
            let Criteria::Statistical { statistic, .. } = &behavior.criteria else { return None };
            let threshold = statistic.resolve(&mut values)?;
            Some(((place, end), Percentile { threshold, devices: values.len() as u64 }))
        }));
        Ok(())
    }
}

/// `by` before `at`.
pub(super) fn earlier(at: Timestamp, by: Duration) -> Timestamp {
    let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
    Timestamp::from_millis(at.as_millis().saturating_sub(by))
}

fn report(mut tally: Tally, (from, to): (Timestamp, Timestamp)) -> BacktestReport {
    let alarms = tally.alarms();
    let raised: u64 = tally.behaviors.iter().map(|it| it.alarms).sum();
    let behaviors = tally.behaviors.into_iter();
    let behaviors = behaviors.map(|it| BehaviorOutcome { without_data: it.datapoints == 0, ..it });
    BacktestReport {
        from,
        to,
        devices: tally.devices,
        datapoints: tally.datapoints,
        behaviors: behaviors.collect(),
        truncated: raised > alarms.len() as u64,
        alarms,
        by_hour: tally.by_hour.into_iter().collect(),
    }
}

/// Gathers the values of statistical behaviours by period.
struct Sample {
    measure: Measure,
    is_statistical: Arc<[bool]>,
    ends: (Timestamp, Timestamp),
    values: HashMap<(usize, Timestamp), Vec<f64>>,
    held: Arc<AtomicU64>,
}

impl Sample {
    fn run(&mut self, entry: Option<Entry>) -> Result<(), Halt> {
        let Self { measure, is_statistical, ends, values, held } = self;
        let mut added = 0;
        let mut sink = |found: &super::measure::Found<'_>| {
            let is_wanted = is_statistical.get(found.place).copied().unwrap_or(false);
            if is_wanted
                && ends.0 < found.at
                && found.at <= ends.1
                && let Some(value) = amount(found.measured)
            {
                values.entry((found.place, found.at)).or_default().push(value);
                added += 1;
            }
        };
        match entry {
            Some(entry) => measure.entry(entry, &mut sink)?,
            None => measure.end(ends.1.plus(Duration::from_millis(1)), &mut sink)?,
        }
        if held.fetch_add(added, Ordering::Relaxed) > VALUES_MAX {
            return Err(Halt::Full(format!(
                "a percentile over the fleet needs more than {VALUES_MAX} values of one day; try it \
                 with a longer `durationSeconds` or a smaller group"
            )));
        }
        Ok(())
    }
}

impl Visitor for Sample {
    fn begin(&mut self, _thing: &Arc<str>) {
        self.measure.reset();
    }

    fn entry(&mut self, entry: Entry) -> Result<(), Halt> {
        self.run(Some(entry))
    }

    fn end(&mut self) -> Result<(), Halt> {
        self.run(None)
    }
}
