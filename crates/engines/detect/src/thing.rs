//! What is remembered of one device.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::Duration;

use picket_core::Timestamp;
use picket_wire_report::NetworkStats;
use serde::{Deserialize, Serialize};

use crate::behavior::BehaviorState;
use picket_profile::WindowCounts;

pub(crate) mod v1;

/// How many report ids are remembered to tell a repeated report: more than a client may have
/// unacknowledged (100), all of which it sends again when the server was killed before its PUBACKs.
const REPORT_IDS_MAX: usize = 128;
/// A window's traffic is kept in at most this many parts, however often the device reports.
const TRAFFIC_PARTS: u32 = 60;

/// The state of one identity. Stored whenever it has changed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct ThingState {
    /// Ids of the newest reports, newest last.
    report_ids: Vec<u64>,
    /// The newest sign of life.
    pub(crate) last_seen: Timestamp,
    /// Traffic of the newest reports, for sums over a period; oldest first.
    traffic: VecDeque<Traffic>,
    /// What the front door saw, if it saw anything.
    pub(crate) cloud: Option<CloudState>,
    /// By behaviour id.
    pub(crate) behaviors: Vec<(u64, BehaviorState)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Traffic {
    first: Timestamp,
    time: Timestamp,
    deltas: [Option<u64>; 4],
}

/// The front door's view of one identity.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct CloudState {
    /// The address it is connected from, while it is.
    pub(crate) connected: Option<IpAddr>,
    /// When the newest session began.
    pub(crate) connected_at: Option<Timestamp>,
    /// When the newest session ended; absent while connected.
    pub(crate) offline_since: Option<Timestamp>,
    /// Counts of windows that are not closed yet, by start.
    pub(crate) open: Vec<(Timestamp, WindowCounts)>,
    /// Closed windows that longer periods still need, oldest first: start, counts, whether active.
    pub(crate) closed: VecDeque<(Timestamp, WindowCounts, bool)>,
}

impl ThingState {
    /// Whether a report with this id was seen lately; if not, it is remembered.
    pub(crate) fn repeats(&mut self, report_id: u64) -> bool {
        if self.report_ids.contains(&report_id) {
            return true;
        }
        if self.report_ids.len() == REPORT_IDS_MAX {
            self.report_ids.remove(0);
        }
        self.report_ids.push(report_id);
        false
    }

    /// Remembers the deltas of a report for `keep`.
    pub(crate) fn remember_traffic(
        &mut self,
        at: Timestamp,
        stats: NetworkStats,
        (window, keep): (Duration, Duration),
    ) {
        while self.traffic.front().is_some_and(|oldest| at.since(oldest.time) >= keep) {
            self.traffic.pop_front();
        }
        let deltas = to_array(stats);
        match self.traffic.back_mut() {
            Some(newest) if at.since(newest.first) < window / TRAFFIC_PARTS => {
                newest.time = at;
                for (sum, delta) in newest.deltas.iter_mut().zip(deltas) {
                    *sum = add(*sum, delta);
                }
            }
            _ => self.traffic.push_back(Traffic { first: at, time: at, deltas }),
        }
    }

    /// The deltas in sum over `(at - period, at]`. What the newest report left out stays out.
    pub(crate) fn traffic_sum(
        &self,
        at: Timestamp,
        newest: NetworkStats,
        period: Duration,
    ) -> NetworkStats {
        let parts = self.traffic.iter().filter(|part| at.since(part.time) < period);
        let mut sums = [None; 4];
        for part in parts {
            for (sum, delta) in sums.iter_mut().zip(part.deltas) {
                *sum = add(*sum, delta);
            }
        }
        let newest = to_array(newest);
        for (sum, newest) in sums.iter_mut().zip(newest) {
            *sum = newest.and(*sum);
        }
        let [bytes_in, bytes_out, packets_in, packets_out] = sums;
        NetworkStats { bytes_in, bytes_out, packets_in, packets_out }
    }

    /// The state of a behaviour, made if it is not there.
    pub(crate) fn behavior(&mut self, id: u64) -> &mut BehaviorState {
        let at = match self.behaviors.iter().position(|(other, _)| *other == id) {
            Some(at) => at,
            None => {
                self.behaviors.push((id, BehaviorState::default()));
                self.behaviors.len() - 1
            }
        };
        &mut self.behaviors[at].1
    }

    /// Whether any behaviour is in alarm.
    pub(crate) fn is_in_alarm(&self) -> bool {
        self.behaviors.iter().any(|(_, state)| state.alarm.is_some())
    }

    /// Whether the device is connected now.
    pub(crate) fn is_connected(&self) -> bool {
        self.cloud.as_ref().is_some_and(|cloud| cloud.connected.is_some())
    }
}

const fn to_array(stats: NetworkStats) -> [Option<u64>; 4] {
    let NetworkStats { bytes_in, bytes_out, packets_in, packets_out } = stats;
    [bytes_in, bytes_out, packets_in, packets_out]
}

fn add(sum: Option<u64>, delta: Option<u64>) -> Option<u64> {
    match (sum, delta) {
        (Some(sum), Some(delta)) => Some(sum.saturating_add(delta)),
        (sum, delta) => sum.or(delta),
    }
}

impl CloudState {
    /// Takes in what happened in the window that begins at `start`, as told at `at`.
    pub(crate) fn take(
        &mut self,
        (start, at): (Timestamp, Timestamp),
        counts: &WindowCounts,
        connected: Option<IpAddr>,
    ) {
        if !counts.is_empty() {
            match self.open.iter_mut().find(|(other, _)| *other == start) {
                Some((_, open)) => open.add(counts),
                None => self.open.push((start, counts.clone())),
            }
        }
        if counts.connects > 0 {
            self.connected_at = Some(at);
        }
        let was_here = self.connected.is_some() || counts.connects > 0;
        self.connected = connected;
        if connected.is_some() {
            self.offline_since = None;
        } else if was_here {
            self.offline_since = Some(at);
        }
    }

    /// Closes the window from `start` to `end`: its counts, and whether the device was there.
    pub(crate) fn close(&mut self, start: Timestamp, end: Timestamp) -> (WindowCounts, bool) {
        let mut counts = WindowCounts::default();
        self.open.retain(|(open, part)| {
            let due = *open <= start;
            if due {
                counts.add(part);
            }
            !due
        });
        let began = self.connected_at.is_some_and(|at| at < end);
        let ended = self.offline_since.is_some_and(|at| at < start);
        let present = began && !ended;
        let active = present || !counts.is_empty();
        if let Some(address) = self.connected.filter(|_| present) {
            counts.source(address);
        }
        (counts, active)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    fn bytes_in(bytes: u64) -> NetworkStats {
        NetworkStats { bytes_in: Some(bytes), ..NetworkStats::default() }
    }

    #[test]
    fn deltas_are_summed_over_a_half_open_period() {
        let (window, keep) = (Duration::from_secs(300), Duration::from_secs(600));
        let mut state = ThingState::default();
        for second in [0, 100, 300, 400] {
            state.remember_traffic(at(second), bytes_in(1), (window, keep));
        }
        let sum = |period| state.traffic_sum(at(400), bytes_in(1), period).bytes_in;
        assert_eq!((sum(window), sum(keep)), (Some(2), Some(4)));
        let silent = NetworkStats::default();
        assert_eq!(state.traffic_sum(at(400), silent, window).bytes_in, None);
    }

    #[test]
    fn a_device_that_reports_madly_takes_bounded_memory() {
        let (window, keep) = (Duration::from_secs(300), Duration::from_secs(3600));
        let mut state = ThingState::default();
        for ms in 0..100_000 {
            let time = Timestamp::from_millis(ms * 100);
            state.remember_traffic(time, bytes_in(1), (window, keep));
        }
        assert!(state.traffic.len() <= 721, "{}", state.traffic.len());
    }

    #[test]
    fn a_repeated_report_id_is_told_among_the_newest() {
        let mut state = ThingState::default();
        let repeats: Vec<bool> = [1, 2, 1, 3, 3, 2].map(|id| state.repeats(id)).into();
        assert_eq!(repeats, [false, false, true, false, true, true]);
    }

    #[test]
    fn everything_a_client_may_have_unacknowledged_is_told_when_it_is_sent_again() {
        let mut state = ThingState::default();
        assert!((0..100).all(|id| !state.repeats(id)));
        assert!((0..100).all(|id| state.repeats(id)));
    }
}
