//! All security profiles together, as evaluation needs them.

use std::collections::{BTreeMap, HashMap};

use picket_ports::Directory;
use picket_ports::registry::Document;
use picket_profile::{self as profile, CustomMetric, Kind, MetricRef, Profile, Side, Target, Vocabulary, WatchedMetric};

use crate::stats::BrokenProfile;

/// The loaded profiles. Never changes; a reload makes another one.
#[derive(Debug, Default)]
pub(crate) struct Watchlist {
    /// Grows with every reload and every change of who is in which group.
    pub(crate) epoch: u64,
    pub(crate) profiles: Vec<Profile>,
    /// Declared kinds of the custom metrics.
    pub(crate) custom: HashMap<String, Kind>,
    /// The longest period, in windows, that traffic is summed over; 0 if it is not.
    pub(crate) traffic_windows: u16,
    /// The longest period of a cloud-side behaviour, in windows.
    pub(crate) cloud_windows: u16,
    /// Cloud-side metrics that some profile exports.
    pub(crate) cloud_exports: Vec<MetricRef>,
    uses_groups: bool,
}

impl Watchlist {
    /// Reads all documents; those that are no profiles are left out and returned with their problems.
    pub(crate) fn load(
        epoch: u64,
        custom: &[Document],
        profiles: &[Document],
    ) -> (Self, Vec<BrokenProfile>) {
        let mut broken = Vec::new();
        let mut declared: BTreeMap<String, CustomMetric> = BTreeMap::new();
        for document in custom {
            match profile::parse_custom_metric(&document.name, &document.body) {
                Ok(metric) => drop(declared.insert(document.name.clone(), metric)),
                Err(problems) => broken.push(BrokenProfile::new(document, &problems)),
            }
        }
        let declared: Vec<CustomMetric> = declared.into_values().collect();
        let vocabulary = Vocabulary { custom: &declared, ..Vocabulary::default() };
        let mut good = Vec::with_capacity(profiles.len());
        for document in profiles {
            match profile::parse(&document.name, &document.body, &vocabulary) {
                Ok(profile) => good.push(profile),
                Err(problems) => broken.push(BrokenProfile::new(document, &problems)),
            }
        }
        (Self::new(epoch, good, declared), broken)
    }

    fn new(epoch: u64, profiles: Vec<Profile>, custom: Vec<CustomMetric>) -> Self {
        let mut list = Self { epoch, ..Self::default() };
        for behavior in profiles.iter().flat_map(|profile| &profile.behaviors) {
            let longest = match behavior.metric.side() {
                Side::Device => &mut list.traffic_windows,
                Side::Cloud => &mut list.cloud_windows,
            };
            *longest = behavior.windows.max(*longest);
        }
        for WatchedMetric { metric, .. } in
            profiles.iter().filter_map(|it| it.export.as_ref()).flat_map(|it| &it.metrics)
        {
            if metric.side() == Side::Cloud && !list.cloud_exports.contains(metric) {
                list.cloud_exports.push(metric.clone());
            }
        }
        let targets = profiles.iter().flat_map(|profile| &profile.targets);
        list.uses_groups = targets.into_iter().any(|target| matches!(target, Target::Group(_)));
        list.custom = custom.into_iter().map(|metric| (metric.name, metric.kind)).collect();
        list.profiles = profiles;
        list
    }

    /// The same list at a later epoch.
    pub(crate) fn renewed(&self) -> Self {
        Self {
            epoch: self.epoch + 1,
            profiles: self.profiles.clone(),
            custom: self.custom.clone(),
            cloud_exports: self.cloud_exports.clone(),
            ..*self
        }
    }

    /// Places in [`Watchlist::profiles`] of the profiles that watch `thing`.
    pub(crate) fn applicable(&self, thing: &str, directory: &dyn Directory) -> Box<[u16]> {
        if self.profiles.is_empty() {
            return Box::default();
        }
        let registered = directory.is_registered(thing);
        let groups = if self.uses_groups { directory.groups_of(thing) } else { Vec::new() };
        (0..)
            .zip(&self.profiles)
            .filter(|(_, it)| it.targets.iter().any(|target| target.covers(registered, &groups)))
            .map(|(index, _)| index)
            .collect()
    }

    /// The profiles at the given places.
    pub(crate) fn select<'w>(&'w self, places: &'w [u16]) -> impl Iterator<Item = &'w Profile> {
        places.iter().filter_map(|place| self.profiles.get(usize::from(*place)))
    }
}
