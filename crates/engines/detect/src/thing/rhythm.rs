//! How often a device usually reports, and what is impossible about a report.

use std::time::Duration;

use picket_core::Timestamp;
use picket_profile::Flag;
use serde::{Deserialize, Serialize};

/// Intervals that must have been seen before one is usual.
const INTERVALS_MIN: u8 = 5;
/// The usual interval is a mean over about this many.
const INTERVALS: u64 = 8;
/// So many usual intervals without a report are a gap.
const GAP: u32 = 3;
/// A report's time may be this far off.
const OFF_MAX_MS: u64 = 86_400_000;
/// Report ids from here on, up to the next bound, are times in seconds: 2001 to 2100.
const SECONDS: std::ops::Range<u64> = 1_000_000_000..4_102_444_800;
/// And these are times in milliseconds.
const MILLIS: std::ops::Range<u64> = 1_000_000_000_000..4_102_444_800_000;

/// When a device reports.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Rhythm {
    /// The newest report; absent before the first.
    last: Option<Timestamp>,
    /// The usual interval.
    interval_ms: u64,
    /// Intervals seen; stands still when there are enough.
    intervals: u8,
    /// Whether the gap since the newest report has been told.
    gap_told: bool,
}

/// A report as it is judged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrival {
    pub(crate) at: Timestamp,
    pub(crate) id: u64,
    /// The id of the report before.
    pub(crate) previous_id: Option<u64>,
    /// Whether somebody else published it.
    pub(crate) is_foreign: bool,
    /// When the server started: nothing could be reported before.
    pub(crate) started: Timestamp,
}

impl Rhythm {
    /// What is impossible about a report; its time is learned.
    pub(crate) fn judge(&mut self, arrival: Arrival) -> Vec<Flag> {
        let mut flags = Vec::new();
        let Arrival { at, id, previous_id, is_foreign, started } = arrival;
        let is_backwards = previous_id.is_some_and(|previous| is_before(id, previous));
        if is_backwards {
            flags.push(Flag::ReportIdBackwards);
        }
        if let Some(time) = epoch_ms(id) {
            let is_off = time.abs_diff(at.as_millis().max(0).unsigned_abs()) > OFF_MAX_MS;
            if is_off || (is_backwards && previous_id.and_then(epoch_ms).is_some()) {
                flags.push(Flag::TimeTravel);
            }
        }
        if is_foreign {
            flags.push(Flag::ForeignPublisher);
        }
        if self.is_gap(at, started) {
            flags.push(Flag::ReportGap);
        }
        self.learn(at, started);
        flags
    }

    /// Whether a gap is to be told at `now`, while nothing has come. It is told once.
    pub(crate) fn gap_begins(&mut self, now: Timestamp, started: Timestamp) -> bool {
        let begins = self.is_gap(now, started);
        self.gap_told |= begins;
        begins
    }

    fn is_gap(&self, now: Timestamp, started: Timestamp) -> bool {
        let Some(last) = self.last.filter(|_| !self.gap_told && self.intervals >= INTERVALS_MIN)
        else {
            return false;
        };
        let usual = Duration::from_millis(self.interval_ms);
        now.since(last.max(started)) > usual * GAP
    }

    fn learn(&mut self, at: Timestamp, started: Timestamp) {
        if let Some(last) = self.last.filter(|last| *last >= started && *last < at) {
            let passed = u64::try_from(at.since(last).as_millis()).unwrap_or(u64::MAX);
            if self.intervals == 0 {
                self.interval_ms = passed;
            } else {
                // One gap does not make the next ones usual; a new habit does so after a while.
                let passed = passed.min(self.interval_ms.saturating_mul(u64::from(GAP)));
                let weight = u64::from(self.intervals).min(INTERVALS - 1);
                let sum = self.interval_ms.saturating_mul(weight).saturating_add(passed);
                self.interval_ms = sum / (weight + 1);
            }
            self.intervals = self.intervals.saturating_add(1).min(INTERVALS as u8);
        }
        self.last = Some(at);
        self.gap_told = false;
    }
}

/// Whether `id` is lower than `previous`. Agents write times in seconds or in milliseconds, and two of
/// them may speak for one device.
fn is_before(id: u64, previous: u64) -> bool {
    match (epoch_ms(id), epoch_ms(previous)) {
        // Seconds are cut off: half of a second later may look earlier.
        (Some(new), Some(old)) if MILLIS.contains(&id) != MILLIS.contains(&previous) => {
            new / 1000 < old / 1000
        }
        (Some(new), Some(old)) => new < old,
        _ => id < previous,
    }
}

fn epoch_ms(id: u64) -> Option<u64> {
    if SECONDS.contains(&id) { Some(id * 1000) } else { MILLIS.contains(&id).then_some(id) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_S: u64 = 86_400;
    const NOW_S: u64 = 1_718_000_000;

    fn at(second: u64) -> Timestamp {
        Timestamp::from_millis(i64::try_from(second * 1000).unwrap())
    }

    fn judge(id: u64, previous_id: Option<u64>) -> Vec<Flag> {
        let started = Timestamp::default();
        let arrival = Arrival { at: at(NOW_S), id, previous_id, is_foreign: false, started };
        Rhythm::default().judge(arrival)
    }

    #[test]
    fn ids_go_up_and_times_are_those_of_now() {
        use Flag::{ReportIdBackwards, TimeTravel};
        assert_eq!(judge(7, Some(6)), []);
        assert_eq!(judge(7, Some(9)), [ReportIdBackwards]);
        assert_eq!(judge(NOW_S + 3600, None), []);
        assert_eq!(judge(NOW_S - 2 * DAY_S, None), [TimeTravel]);
        assert_eq!(judge((NOW_S + 2 * DAY_S) * 1000, None), [TimeTravel]);
        assert_eq!(judge(NOW_S, Some(NOW_S + 5)), [ReportIdBackwards, TimeTravel]);
        // Seconds after milliseconds of another agent.
        assert_eq!(judge(NOW_S, Some(NOW_S * 1000 - 7)), []);
        assert_eq!(judge(NOW_S * 1000 + 7, Some(NOW_S)), []);
    }

    /// Seconds of reports; which of them are flagged, and at which minute a gap is told before.
    fn check(reports: &[u64], started: u64, expected: &[u64]) {
        let mut rhythm = Rhythm::default();
        let mut flagged = Vec::new();
        for second in reports {
            let (at, started) = (at(*second), at(started));
            let arrival = Arrival { at, id: 1, previous_id: None, is_foreign: false, started };
            if rhythm.judge(arrival).contains(&Flag::ReportGap) {
                flagged.push(*second);
            }
        }
        assert_eq!(flagged, expected);
    }

    #[test]
    fn a_gap_is_more_than_three_usual_intervals_and_not_a_stop_of_the_server() {
        let usual: Vec<u64> = (0..8).map(|n| 1000 + n * 60).collect();
        let with = |more: &[u64]| [usual.as_slice(), more].concat();
        check(&with(&[1600]), 0, &[]);
        check(&with(&[1601]), 0, &[1601]);
        check(&with(&[1601]), 1590, &[]);
        check(&[0, 60, 120, 900], 0, &[]);
        // A new habit is usual after a while.
        let slower: Vec<u64> = (1..40).map(|n| 1420 + n * 600).collect();
        let mut rhythm = Rhythm::default();
        let mut gaps = 0;
        for second in with(&slower) {
            let (at, started) = (at(second), Timestamp::default());
            let arrival = Arrival { at, id: 1, previous_id: None, is_foreign: false, started };
            gaps += usize::from(!rhythm.judge(arrival).is_empty());
        }
        assert!((1..10).contains(&gaps), "{gaps}");
    }

    #[test]
    fn a_gap_is_told_once() {
        let mut rhythm = Rhythm::default();
        let started = Timestamp::default();
        for n in 0..8 {
            let at = at(n * 60);
            rhythm.judge(Arrival { at, id: 1, previous_id: None, is_foreign: false, started });
        }
        assert!(!rhythm.gap_begins(at(540), started));
        assert!(rhythm.gap_begins(at(900), started));
        assert!(!rhythm.gap_begins(at(1200), started));
        let late = Arrival { at: at(1300), id: 1, previous_id: None, is_foreign: false, started };
        assert_eq!(rhythm.judge(late), []);
    }
}
