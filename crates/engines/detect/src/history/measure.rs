//! From stored records to the datapoints of behaviours, as live evaluation makes them: traffic in sum over
//! the trailing period, cloud-side counts in sum over periods that follow one another.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::time::Duration;

use picket_core::Timestamp;
use picket_profile::{Measured, Side};
use picket_wire_report::NetworkStats;

use super::book::SeriesId;
use super::codec::{BadEntry, Datapoints};
use super::fleet::Entry;
use super::kept::Origin;
use crate::thing::{Amount, TrafficBook};

/// The metrics that reports give as differences to the report before, in the order of their sums.
const TRAFFIC: [&str; 4] =
    ["aws:all-bytes-in", "aws:all-bytes-out", "aws:all-packets-in", "aws:all-packets-out"];
/// Records that are held back so that they can be taken in the order in which they were evaluated: a
/// window is closed a moment after its end.
const REORDERED_MAX: usize = 64;

/// What a behaviour looks at.
#[derive(Debug, Clone)]
pub(super) struct Watch {
    /// The stored series; absent where there is none of it.
    pub(super) series: Option<SeriesId>,
    side: Side,
    /// Place in [`TRAFFIC`].
    traffic: Option<usize>,
    /// Windows that a datapoint covers.
    windows: u16,
    /// Whether it is held against a percentile: then a datapoint is what a device has in one period, and
    /// periods follow one another, on the device's side too.
    is_statistical: bool,
}

impl Watch {
    pub(super) fn new(
        metric: &str,
        series: Option<SeriesId>,
        (side, windows): (Side, u16),
    ) -> Self {
        let traffic = TRAFFIC.iter().position(|name| *name == metric);
        Self { series, side, traffic, windows: windows.max(1), is_statistical: false }
    }

    /// The same, held against a percentile.
    pub(super) const fn statistical(mut self) -> Self {
        self.is_statistical = true;
        self
    }

    /// Whether its values are gathered over periods that follow one another.
    const fn is_by_period(&self) -> bool {
        self.is_statistical || (matches!(self.side, Side::Cloud) && self.windows > 1)
    }

    /// Whether a period's value is the sum of its parts, and not the newest one.
    const fn is_sum(&self) -> bool {
        matches!(self.side, Side::Cloud) || self.traffic.is_some()
    }
}

/// What is watched, the same for all devices.
#[derive(Debug)]
pub(super) struct Watches {
    pub(super) all: Vec<Watch>,
    pub(super) window: Duration,
    series: Vec<SeriesId>,
    /// Longest period of traffic, in windows; 0 where none is watched.
    traffic_windows: u16,
}

/// A datapoint of one watch.
#[derive(Debug)]
pub(super) struct Found<'a> {
    /// Place among the watches.
    pub(super) place: usize,
    pub(super) measured: &'a Measured,
    pub(super) at: Timestamp,
    pub(super) sequence: u64,
    pub(super) origin: Origin,
}

impl Watches {
    pub(super) fn new(all: Vec<Watch>, window: Duration) -> Self {
        let mut series: Vec<SeriesId> = all.iter().filter_map(|watch| watch.series).collect();
        series.sort_unstable();
        series.dedup();
        let traffic = all.iter().filter(|watch| watch.traffic.is_some());
        let traffic_windows = traffic.map(|watch| watch.windows).max().unwrap_or(0);
        Self { all, window, series, traffic_windows }
    }

    /// How much before the time that is looked at reading begins: the longest period.
    pub(super) fn lead(&self) -> Duration {
        let longest = self.all.iter().map(|watch| watch.windows).max().unwrap_or(1);
        self.window * u32::from(longest)
    }

    fn wants(&self, series: SeriesId) -> bool {
        self.series.binary_search(&series).is_ok()
    }
}

/// What was gathered of a period that has not ended yet.
#[derive(Debug, Clone)]
struct Period {
    end: Timestamp,
    /// Absent where the newest value cannot be gathered.
    value: Option<Measured>,
    sequence: u64,
}

/// One device on its way through its records.
#[derive(Debug)]
pub(super) struct Measure {
    watches: Arc<Watches>,
    traffic: TrafficBook,
    periods: Vec<Option<Period>>,
    waiting: BinaryHeap<Reverse<Waiting>>,
    values: Vec<(SeriesId, Measured)>,
}

/// A record in the order of evaluation.
#[derive(Debug)]
struct Waiting(Entry);

impl Waiting {
    const fn key(&self) -> (u64, Origin, Timestamp) {
        (self.0.sequence, self.0.origin, self.0.at)
    }
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Waiting {}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

impl Measure {
    pub(super) fn new(watches: Arc<Watches>) -> Self {
        let periods = vec![None; watches.all.len()];
        let traffic = TrafficBook::default();
        Self { watches, traffic, periods, waiting: BinaryHeap::new(), values: Vec::new() }
    }

    /// Forgets the device.
    pub(super) fn reset(&mut self) {
        self.traffic.clear();
        self.periods.fill(None);
        self.waiting.clear();
    }

    /// Takes a record and shows the datapoints that are due by now to `sink`.
    pub(super) fn entry(
        &mut self,
        entry: Entry,
        sink: &mut impl FnMut(&Found<'_>),
    ) -> Result<(), BadEntry> {
        self.waiting.push(Reverse(Waiting(entry)));
        if self.waiting.len() <= REORDERED_MAX {
            return Ok(());
        }
        match self.waiting.pop() {
            Some(Reverse(Waiting(entry))) => self.evaluate(&entry, sink),
            None => Ok(()),
        }
    }

    /// Shows what is left. Periods that end after `to` stay out.
    pub(super) fn end(
        &mut self,
        to: Timestamp,
        sink: &mut impl FnMut(&Found<'_>),
    ) -> Result<(), BadEntry> {
        while let Some(Reverse(Waiting(entry))) = self.waiting.pop() {
            self.evaluate(&entry, sink)?;
        }
        for place in 0..self.periods.len() {
            close(&mut self.periods, place, to, sink);
        }
        Ok(())
    }

    fn evaluate(
        &mut self,
        entry: &Entry,
        sink: &mut impl FnMut(&Found<'_>),
    ) -> Result<(), BadEntry> {
        if entry.origin == Origin::Disconnection {
            return Ok(());
        }
        let watches = self.watches.clone();
        self.values.clear();
        let mut datapoints = Datapoints::of(&entry.values)?;
        while let Some(found) = datapoints.next_of(|series| watches.wants(series))? {
            self.values.push(found);
        }
        let newest = match entry.origin {
            Origin::Report if watches.traffic_windows > 0 => self.remember(entry.at),
            _ => NetworkStats::default(),
        };
        for (place, watch) in watches.all.iter().enumerate() {
            let value = self.values.iter().find(|(series, _)| Some(*series) == watch.series);
            let Some((_, value)) = value else { continue };
            if watch.is_by_period() {
                let period = watches.window * u32::from(watch.windows);
                let end = end_of_period(entry, period);
                close(&mut self.periods, place, end, sink);
                gather(&mut self.periods, place, (entry.sequence, end), (value, watch));
                continue;
            }
            let (at, sequence, origin) = (entry.at, entry.sequence, entry.origin);
            let summed;
            let measured = match (origin, watch.traffic) {
                (Origin::Report, Some(of)) => {
                    let period = watches.window * u32::from(watch.windows);
                    let sums = self.traffic.sum(at, newest, period);
                    let Some(sum) = to_array(sums).get(of).copied().flatten() else { continue };
                    summed = Measured::Count(sum);
                    &summed
                }
                _ => value,
            };
            sink(&Found { place, measured, at, sequence, origin });
        }
        if entry.origin == Origin::Window {
            for place in 0..self.periods.len() {
                // The window that ends the period completes it.
                close(&mut self.periods, place, entry.at.plus(Duration::from_millis(1)), sink);
            }
        }
        Ok(())
    }

    /// Remembers a report's traffic.
    fn remember(&mut self, at: Timestamp) -> NetworkStats {
        let watches = &self.watches;
        let delta = |of: usize| {
            let watch = watches.all.iter().find(|watch| watch.traffic == Some(of))?;
            let value = self.values.iter().find(|(series, _)| Some(*series) == watch.series);
            match value {
                Some((_, Measured::Count(count))) => Some(*count),
                _ => None,
            }
        };
        let newest = NetworkStats {
            bytes_in: delta(0),
            bytes_out: delta(1),
            packets_in: delta(2),
            packets_out: delta(3),
        };
        let keep = watches.window * u32::from(watches.traffic_windows);
        self.traffic.remember(at, newest, (watches.window, keep));
        newest
    }
}

/// Shows what was gathered of a period that ended before `now`.
fn close(
    periods: &mut [Option<Period>],
    place: usize,
    now: Timestamp,
    sink: &mut impl FnMut(&Found<'_>),
) {
    let Some(slot) = periods.get_mut(place) else { return };
    if slot.as_ref().is_some_and(|period| period.end < now)
        && let Some(Period { end, value: Some(value), sequence }) = slot.take()
    {
        sink(&Found { place, measured: &value, at: end, sequence, origin: Origin::Window });
    }
}

/// The end of the period that an entry belongs to: a window belongs to the period it ends in.
fn end_of_period(entry: &Entry, period: Duration) -> Timestamp {
    let floor = entry.at.floor_to(period);
    let ends_here = entry.origin == Origin::Window && floor == entry.at;
    if ends_here { floor } else { floor.plus(period) }
}

/// Takes a value into the period that ends at `end`.
fn gather(
    periods: &mut [Option<Period>],
    place: usize,
    (sequence, end): (u64, Timestamp),
    (value, watch): (&Measured, &Watch),
) {
    let Some(slot) = periods.get_mut(place) else { return };
    let before = slot.take().filter(|period| period.end == end).and_then(|period| period.value);
    let value = if watch.is_statistical {
        let before = before.as_ref().and_then(Amount::of);
        let amount = Amount::of(value);
        let amount = amount.map(|newer| match before {
            Some(before) => before.with(newer, watch.is_sum()),
            None => newer,
        });
        amount.map(Amount::measured)
    } else {
        let mut sum = before;
        match &mut sum {
            Some(sum) => add(sum, value),
            None => sum = Some(value.clone()),
        }
        sum
    };
    *slot = Some(Period { end, value, sequence });
}

/// Adds the value of another window of the same period.
fn add(sum: &mut Measured, value: &Measured) {
    match (sum, value) {
        (Measured::Count(sum), Measured::Count(more)) => *sum = sum.saturating_add(*more),
        (
            Measured::Sizes { min, max, total },
            Measured::Sizes { min: least, max: most, total: more },
        ) => {
            *min = (*min).min(*least);
            *max = (*max).max(*most);
            *total = total.saturating_add(*more);
        }
        (sum, value) => *sum = value.clone(),
    }
}

const fn to_array(stats: NetworkStats) -> [Option<u64>; 4] {
    let NetworkStats { bytes_in, bytes_out, packets_in, packets_out } = stats;
    [bytes_in, bytes_out, packets_in, packets_out]
}

#[cfg(test)]
mod tests {
    use super::super::codec;
    use super::*;

    const WINDOW: Duration = Duration::from_secs(300);

    fn entry(seconds: i64, sequence: u64, origin: Origin, value: &Measured) -> Entry {
        let mut values = vec![codec::VERSION];
        codec::encode(&mut values, SeriesId(0), value);
        Entry { at: Timestamp::from_millis(seconds * 1000), sequence, origin, values }
    }

    /// Time in seconds and value of each datapoint.
    fn found(watch: Watch, entries: Vec<Entry>, to: i64) -> Vec<(i64, Measured)> {
        let watches = Arc::new(Watches::new(vec![watch], WINDOW));
        let mut measure = Measure::new(watches);
        let mut all = Vec::new();
        let mut sink = |found: &Found<'_>| {
            all.push((found.at.as_millis() / 1000, found.measured.clone()));
        };
        for entry in entries {
            measure.entry(entry, &mut sink).unwrap();
        }
        measure.end(Timestamp::from_millis(to * 1000), &mut sink).unwrap();
        all
    }

    #[test]
    fn traffic_is_the_sum_of_the_reports_of_the_trailing_period() {
        let watch = Watch::new("aws:all-bytes-out", Some(SeriesId(0)), (Side::Device, 2));
        let report = |seconds, count| entry(seconds, 1, Origin::Report, &Measured::Count(count));
        let entries = vec![report(0, 1), report(300, 10), report(600, 100), report(3600, 1000)];
        let expected = [(0, 1), (300, 11), (600, 110), (3600, 1000)];
        assert_eq!(found(watch, entries, 5000), expected.map(|(at, n)| (at, Measured::Count(n))));
    }

    #[test]
    fn cloud_counts_are_summed_over_periods_that_follow_one_another() {
        let watch = Watch::new("aws:num-messages-sent", Some(SeriesId(0)), (Side::Cloud, 2));
        let window = |end, count| entry(end, 1, Origin::Window, &Measured::Count(count));
        // The period up to 1200 has no datapoint of its last window, the one up to 1800 is not over.
        let entries = vec![window(300, 1), window(600, 2), window(900, 4), window(1500, 8)];
        let expected = [(600, 3), (1200, 4)];
        assert_eq!(
            found(watch, entries, 1700),
            expected.map(|(at, n)| (at, Measured::Count(n))).to_vec()
        );
    }

    #[test]
    fn what_is_held_against_a_percentile_is_gathered_by_period_on_the_devices_side_too() {
        let report = |seconds, count| entry(seconds, 1, Origin::Report, &Measured::Count(count));
        let entries = || vec![report(0, 1), report(299, 10), report(300, 100), report(3600, 1000)];
        let watch = |metric| Watch::new(metric, Some(SeriesId(0)), (Side::Device, 1)).statistical();
        let sums = [(300, 11), (600, 100), (3900, 1000)].map(|(at, n)| (at, Measured::Count(n)));
        assert_eq!(found(watch("aws:all-bytes-out"), entries(), 5000), sums);
        let newest = [(300, 10), (600, 100), (3900, 1000)].map(|(at, n)| (at, Measured::Count(n)));
        assert_eq!(found(watch("aws:num-listening-tcp-ports"), entries(), 5000), newest);
    }

    #[test]
    fn records_are_taken_in_the_order_in_which_they_were_evaluated() {
        let watch = Watch::new("aws:disconnect-duration", Some(SeriesId(0)), (Side::Cloud, 1));
        let entries = vec![
            entry(600, 12, Origin::Window, &Measured::Count(60)),
            entry(601, 11, Origin::Connection, &Measured::Count(0)),
        ];
        let expected = [(601, Measured::Count(0)), (600, Measured::Count(60))];
        assert_eq!(found(watch, entries, 1700), expected);
    }
}
