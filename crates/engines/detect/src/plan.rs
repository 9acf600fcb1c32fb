//! What is to be done with a record of a device: made once for each set of profiles that watch some
//! device, so that each metric is measured once whoever asks for it.

use picket_profile::{Behavior, Metric, Profile, Side, WatchedMetric};

use crate::history::SeriesId;
use crate::partition::FLAGS;

/// Everything the profiles of a device want.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// Metrics of reports.
    pub(crate) device: Vec<Step>,
    /// Metrics of windows.
    pub(crate) cloud: Vec<Step>,
    /// The longest period, in windows, that traffic is summed over; 0 if it is not.
    pub(crate) traffic_windows: u16,
    /// The longest period of a cloud-side behaviour, in windows.
    pub(crate) cloud_windows: u16,
    /// Place of the step that tells what is impossible about reports, if anybody asks.
    pub(crate) flags: Option<usize>,
    /// Ids of all behaviours, sorted.
    ids: Vec<u64>,
}

/// One metric, and who wants its values.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) watched: WatchedMetric,
    /// The built-in metric; absent for a custom one.
    pub(crate) built_in: Option<&'static dyn Metric>,
    /// The lens it is counted through; absent for all topics.
    pub(crate) lens: Option<u64>,
    /// Whether values of a period are added up.
    pub(crate) is_sum: bool,
    /// Under which number its values are kept, if they are.
    pub(crate) kept: Option<SeriesId>,
    /// Whether some profile exports it.
    pub(crate) is_exported: bool,
    /// Behaviours that look at it.
    pub(crate) behaviors: Vec<Asked>,
}

/// A behaviour by its places.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    pub(crate) profile: u16,
    pub(crate) behavior: u16,
}

impl Asked {
    /// The behaviour with its profile.
    pub(crate) fn of(self, profiles: &[Profile]) -> Option<(&Profile, &Behavior)> {
        let profile = profiles.get(usize::from(self.profile))?;
        Some((profile, profile.behaviors.get(usize::from(self.behavior))?))
    }
}

impl Plan {
    /// The plan of the profiles at `places`. `number` gives the number under which a metric is kept.
    pub(crate) fn new(
        profiles: &[Profile],
        places: &[u16],
        number: impl Fn(&WatchedMetric) -> Option<SeriesId>,
    ) -> Self {
        let mut plan = Self::default();
        for place in places {
            let Some(profile) = profiles.get(usize::from(*place)) else { continue };
            for (index, behavior) in (0..).zip(&profile.behaviors) {
                plan.ids.push(behavior.id);
                let (metric, dimension) = (behavior.metric.clone(), behavior.dimension.clone());
                let step = plan.step(WatchedMetric { metric, dimension });
                step.behaviors.push(Asked { profile: *place, behavior: index });
                let is_sum = step.is_sum;
                let longest = match behavior.metric.side() {
                    Side::Cloud => &mut plan.cloud_windows,
                    // A percentile adds up by itself.
                    Side::Device if is_sum && !behavior.is_statistical() => {
                        &mut plan.traffic_windows
                    }
                    Side::Device => continue,
                };
                *longest = behavior.windows.max(*longest);
            }
            for watched in &profile.retained {
                let number = number(watched);
                plan.step(watched.clone()).kept = number;
            }
            for watched in profile.export.iter().flat_map(|export| &export.metrics) {
                plan.step(watched.clone()).is_exported = true;
            }
        }
        plan.ids.sort_unstable();
        plan.flags = plan.device.iter().position(|it| it.watched.metric.name() == FLAGS);
        plan
    }

    /// Whether a behaviour is one of those that watch the device.
    pub(crate) fn monitors(&self, behavior: u64) -> bool {
        self.ids.binary_search(&behavior).is_ok()
    }

    fn step(&mut self, watched: WatchedMetric) -> &mut Step {
        let steps = match watched.metric.side() {
            Side::Device => &mut self.device,
            Side::Cloud => &mut self.cloud,
        };
        let place = match steps.iter().position(|step| step.watched == watched) {
            Some(place) => place,
            None => {
                let built_in = watched.metric.built_in();
                steps.push(Step {
                    built_in,
                    lens: watched.dimension.as_ref().map(|it| it.lens),
                    is_sum: built_in.is_some_and(|it| it.is_sum()),
                    kept: None,
                    is_exported: false,
                    behaviors: Vec::new(),
                    watched,
                });
                steps.len() - 1
            }
        };
        &mut steps[place]
    }
}
