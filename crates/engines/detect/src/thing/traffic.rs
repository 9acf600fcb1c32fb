//! The traffic of the newest reports, for sums over a period.

use std::collections::VecDeque;
use std::time::Duration;

use picket_core::Timestamp;
use picket_wire_report::NetworkStats;
use serde::{Deserialize, Serialize};

/// A window's traffic is kept in at most this many parts, however often the device reports.
const PARTS: u32 = 60;

/// Deltas of the newest reports, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct TrafficBook(pub(super) VecDeque<Part>);

/// One report, or several that came soon after one another.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Part {
    first: Timestamp,
    time: Timestamp,
    sums: [u64; 4],
}

impl Part {
    pub(super) fn new(first: Timestamp, time: Timestamp, deltas: [Option<u64>; 4]) -> Self {
        let mut part = Self { first, time, sums: [0; 4] };
        part.add(deltas);
        part
    }

    fn add(&mut self, deltas: [Option<u64>; 4]) {
        for (sum, delta) in self.sums.iter_mut().zip(deltas) {
            *sum = sum.saturating_add(delta.unwrap_or(0));
        }
    }
}

impl TrafficBook {
    /// Remembers the deltas of a report for `keep`.
    pub(crate) fn remember(
        &mut self,
        at: Timestamp,
        stats: NetworkStats,
        (window, keep): (Duration, Duration),
    ) {
        let parts = &mut self.0;
        while parts.front().is_some_and(|oldest| at.since(oldest.time) >= keep) {
            parts.pop_front();
        }
        // What is later than now was measured before the clock was set back.
        while parts.back().is_some_and(|newest| newest.time > at) {
            parts.pop_back();
        }
        let deltas = to_array(stats);
        match parts.back_mut() {
            Some(newest) if at.since(newest.first) < window / PARTS => {
                newest.time = at;
                newest.add(deltas);
            }
            _ => parts.push_back(Part::new(at, at, deltas)),
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.0 = VecDeque::new();
    }

    /// Whether nothing is remembered.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The deltas in sum over `(at - period, at]`. What the newest report left out stays out.
    pub(crate) fn sum(
        &self,
        at: Timestamp,
        newest: NetworkStats,
        period: Duration,
    ) -> NetworkStats {
        let mut sums = [0_u64; 4];
        for part in self.0.iter().rev().take_while(|part| at.since(part.time) < period) {
            for (sum, more) in sums.iter_mut().zip(part.sums) {
                *sum = sum.saturating_add(more);
            }
        }
        let mut summed = to_array(newest);
        for (newest, sum) in summed.iter_mut().zip(sums) {
            *newest = newest.map(|_| sum);
        }
        let [bytes_in, bytes_out, packets_in, packets_out] = summed;
        NetworkStats { bytes_in, bytes_out, packets_in, packets_out }
    }

    #[cfg(test)]
    pub(super) fn parts(&self) -> usize {
        self.0.len()
    }
}

const fn to_array(stats: NetworkStats) -> [Option<u64>; 4] {
    let NetworkStats { bytes_in, bytes_out, packets_in, packets_out } = stats;
    [bytes_in, bytes_out, packets_in, packets_out]
}
