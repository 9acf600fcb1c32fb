//! Holding values against percentiles of all devices (spec device-defender §4.2).
//!
//! A partition knows its own devices only. It gathers their values of a period that is over; when every
//! partition has done so, the percentile comes back as a [record](crate::record::Threshold), and what
//! waited for it is evaluated. A repeated record finds nothing that waits.

use super::{Datapoint, Effects, Gathered, Partition, Scene, datapoint};
use crate::record::Threshold;
use crate::violation::Percentile;

/// How many percentiles are remembered after they were taken in: those that may be due at the same time.
const REMEMBERED_MAX: usize = 2000;

impl Partition {
    /// Takes in a percentile: evaluates what waits for it.
    pub(super) fn threshold(
        &mut self,
        sequence: u64,
        threshold: Threshold,
        scene: &Scene<'_>,
        effects: &mut Effects,
    ) {
        let Threshold { behavior: id, end, value, devices } = threshold;
        let trace = (self.number, sequence);
        let profiles = scene.watchlist.profiles().iter();
        let found =
            profiles.flat_map(|profile| profile.behaviors.iter().map(move |it| (profile, it)));
        let found = found.into_iter().find(|(_, behavior)| behavior.id == id);
        for (thing, tracked) in &mut self.things {
            let Some(amount) = tracked.state.take_pending(id, end) else { continue };
            tracked.touch(thing, effects);
            let Some(((profile, behavior), threshold)) = found.zip(value) else { continue };
            let percentile = Some(Percentile { threshold, devices });
            let measured = amount.measured();
            let point =
                Datapoint { thing, profile, behavior, measured, at: end, trace, percentile };
            datapoint(&mut tracked.state, &point, effects);
        }
        self.remember(threshold);
        effects.thresholds_changed = true;
    }

    fn remember(&mut self, threshold: Threshold) {
        while self.thresholds.len() >= REMEMBERED_MAX {
            self.thresholds.pop_front();
        }
        self.thresholds.push_back(threshold);
    }

    /// Values of all periods that are over and wait for their percentile.
    pub(crate) fn gathered(&self) -> Vec<Gathered> {
        let Some(until) = self.progress.closed_until else { return Vec::new() };
        let mut all = Vec::new();
        for tracked in self.things.values() {
            for pending in tracked.state.pending.iter().filter(|pending| pending.end <= until) {
                let amount = pending.amount.as_f64();
                all.push(Gathered { behavior: pending.behavior, end: pending.end, amount });
            }
        }
        all
    }
}
