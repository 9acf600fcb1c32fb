//! Deriving behaviours that what is stored complies with.
//!
//! One pass gathers what was seen of each series. Amounts get a threshold above what nearly all devices
//! had; where some were above it, another pass tries whether two or three datapoints in a row raise no
//! alarm, and if they do, the threshold goes above all that was seen.

mod blocks;
mod proposal;
mod seen;

use std::collections::HashSet;
use std::sync::Arc;

use picket_core::Timestamp;
use picket_ports::metric_history::{HistoryError, Series, Suggestion};
use picket_profile::{ELEMENTS_MAX, Side, Vocabulary, metrics, parse};
use serde_json::{Value, json};

use self::proposal::Proposal;
use self::seen::Seen;
use super::History;
use super::backtest::{Trial, earlier};
use super::fleet::{Entry, Halt, Visitor, Walk, walk};
use super::measure::{Found, Measure, Watch, Watches};
use crate::config::DetectConfig;

/// Series that are looked at in one request.
const SERIES_MAX: usize = 200;
/// Suggestions at most: as many behaviours as a profile may have.
const SUGGESTIONS_MAX: usize = 100;
/// Datapoints in a row that a threshold is tried with.
const RUNS: [u8; 3] = [1, 2, 3];
/// Proposals that are tried at once, with each run.
const TRIED_MAX: usize = SUGGESTIONS_MAX / RUNS.len();

/// What to derive behaviours from.
pub(super) struct Material<'a> {
    pub(super) metrics: &'a [String],
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    pub(super) wanted: &'a (dyn Fn(&str) -> bool + Send + Sync),
    /// What profiles may name.
    pub(super) vocabulary: Vocabulary<'a>,
}

/// Looks at all series.
struct Observe {
    measure: Measure,
    range: (Timestamp, Timestamp),
    seen: Vec<Seen>,
    /// Which series the device has had.
    has: Vec<bool>,
}

impl Observe {
    fn run(&mut self, entry: Option<Entry>) -> Result<(), Halt> {
        let Self { measure, range: (from, to), seen, has } = self;
        let mut sink = |found: &Found<'_>| {
            let (Some(seen), Some(has)) = (seen.get_mut(found.place), has.get_mut(found.place))
            else {
                return;
            };
            if *from <= found.at && found.at < *to {
                seen.take(found.measured);
                seen.devices += u64::from(!std::mem::replace(has, true));
            }
        };
        match entry {
            Some(entry) => measure.entry(entry, &mut sink)?,
            None => measure.end(*to, &mut sink)?,
        }
        Ok(())
    }
}

impl Visitor for Observe {
    fn begin(&mut self, _thing: &Arc<str>) {
        self.measure.reset();
        self.has.fill(false);
    }

    fn entry(&mut self, entry: Entry) -> Result<(), Halt> {
        self.run(Some(entry))
    }

    fn end(&mut self) -> Result<(), Halt> {
        self.run(None)
    }
}

impl History {
    /// Derives behaviours.
    pub(super) async fn suggest(
        &self,
        config: &DetectConfig,
        material: &Material<'_>,
    ) -> Result<Vec<Suggestion>, HistoryError> {
        let mut all: Vec<Series> = self.book.all();
        all.retain(|series| is_usable(series, material));
        if all.len() > SERIES_MAX {
            return Err(HistoryError::TooMuch(format!(
                "{} series are stored; name the metrics, {SERIES_MAX} series at most",
                all.len()
            )));
        }
        all.sort_unstable();
        let seen = self.observe(config, material, &all).await?;
        let mut elements = 0;
        let mut proposals: Vec<Proposal> = all
            .into_iter()
            .zip(&seen)
            .filter_map(|(series, seen)| Proposal::of(series, seen))
            .filter(|proposal| {
                // All of them together must make a profile.
                let fits = elements + proposal.elements() <= ELEMENTS_MAX;
                elements += if fits { proposal.elements() } else { 0 };
                fits
            })
            .take(SUGGESTIONS_MAX)
            .collect();
        self.settle(config, material, &mut proposals).await?;
        let mut names = HashSet::new();
        let suggestion = |proposal: Proposal| {
            let mut name = proposal.name();
            while !names.insert(name.clone()) {
                name.push_str("-2");
            }
            Suggestion {
                behavior: proposal.behavior(&name, proposal.to_alarm).to_string(),
                because: proposal.because,
                devices: proposal.devices,
                datapoints: proposal.datapoints,
            }
        };
        Ok(proposals.into_iter().map(suggestion).collect())
    }

    async fn observe(
        &self,
        config: &DetectConfig,
        material: &Material<'_>,
        all: &[Series],
    ) -> Result<Vec<Seen>, HistoryError> {
        let watch = |series: &Series| {
            let index = metrics::index_of(&series.metric);
            let side = index.and_then(|index| metrics::ALL.get(index));
            let side = side.map_or(Side::Device, |metric| metric.side());
            Watch::new(&series.metric, self.book.find(series), (side, 1))
        };
        let watches = Arc::new(Watches::new(all.iter().map(watch).collect(), config.window));
        let (from, to) = (material.from, material.to);
        let make = || Observe {
            measure: Measure::new(watches.clone()),
            range: (from, to),
            seen: all.iter().map(|_| Seen::default()).collect(),
            has: vec![false; all.len()],
        };
        let asked = Walk {
            from: earlier(from, watches.lead()),
            to,
            wanted: material.wanted,
            progress: &|_, _| {},
        };
        let mut sum: Vec<Seen> = all.iter().map(|_| Seen::default()).collect();
        for part in walk(self, &asked, make).await? {
            for (sum, more) in sum.iter_mut().zip(part.seen) {
                sum.add(more);
            }
        }
        Ok(sum)
    }

    /// Finds out, for thresholds that some values are above, with how many datapoints in a row they raise
    /// no alarm.
    async fn settle(
        &self,
        config: &DetectConfig,
        material: &Material<'_>,
        proposals: &mut [Proposal],
    ) -> Result<(), HistoryError> {
        let mut open: Vec<&mut Proposal> =
            proposals.iter_mut().filter(|it| it.safe.is_some()).collect();
        for some in open.chunks_mut(TRIED_MAX) {
            let mut behaviors = Vec::new();
            for (place, proposal) in some.iter().enumerate() {
                let tried = |run: u8| proposal.behavior(&format!("t{place}-{run}"), run);
                behaviors.extend(RUNS.map(tried));
            }
            let quiet = self.quiet(config, material, behaviors).await?;
            for (proposal, quiet) in some.iter_mut().zip(quiet.chunks(RUNS.len())) {
                let run = RUNS.iter().zip(quiet).find(|(_, quiet)| **quiet).map(|(run, _)| *run);
                proposal.settle(run);
            }
        }
        Ok(())
    }

    /// Which of the behaviours raise no alarm.
    async fn quiet(
        &self,
        config: &DetectConfig,
        material: &Material<'_>,
        behaviors: Vec<Value>,
    ) -> Result<Vec<bool>, HistoryError> {
        let document = json!({ "behaviors": behaviors }).to_string();
        let profile = parse("suggestion", &document, &material.vocabulary).map_err(|problems| {
            let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
            HistoryError::Storage(format!("a suggestion is no behavior: {}", problems.join("; ")))
        })?;
        let trial = Trial {
            profile,
            from: material.from,
            to: material.to,
            alarms_max: 0,
            wanted: material.wanted,
            progress: &|_, _| {},
        };
        let report = self.backtest(config, trial).await?;
        Ok(report.behaviors.iter().map(|it| it.alarms == 0).collect())
    }
}

/// Whether a behaviour could look at the series: what it names must be there. What is impossible about
/// reports is nothing to get used to; it is looked at if asked for only.
fn is_usable(series: &Series, material: &Material<'_>) -> bool {
    let Vocabulary { custom, dimensions, .. } = material.vocabulary;
    let is_asked = match material.metrics {
        [] => !series.metric.starts_with("picket:"),
        named => named.contains(&series.metric),
    };
    let is_there = metrics::index_of(&series.metric).is_some()
        || custom.iter().any(|metric| metric.name == series.metric);
    let has_dimension = series
        .dimension
        .as_ref()
        .is_none_or(|(name, _)| dimensions.iter().any(|dimension| dimension.name == *name));
    is_asked && is_there && has_dimension
}
