//! All security profiles together, as evaluation needs them.

use std::collections::HashMap;
use std::sync::Arc;

use ahash::AHashMap;
use parking_lot::Mutex;
use picket_ports::Directory;
use picket_ports::metric_history::Series;
use picket_ports::registry::Document;
use picket_profile::{
    self as profile, Criteria, CustomMetric, Dimension, Kind, MetricDimension, Problem, Profile,
    Statistic, Target, Vocabulary, WatchedMetric,
};

use crate::history::{SeriesBook, SeriesId};
use crate::plan::Plan;
use crate::stats::BrokenProfile;

/// The loaded profiles. Never changes; a reload makes another one.
#[derive(Debug, Default)]
pub(crate) struct Watchlist {
    /// Grows with every reload and every change of who is in which group.
    pub(crate) epoch: u64,
    documents: Arc<Documents>,
}

/// What the documents say.
#[derive(Debug, Default)]
struct Documents {
    profiles: Vec<Profile>,
    /// Declared kinds of the custom metrics.
    custom: HashMap<String, Kind>,
    /// The percentiles of behaviours that have one, by the behaviour's id.
    statistics: HashMap<u64, Statistic>,
    /// Numbers under which metrics are kept.
    numbers: Vec<(WatchedMetric, SeriesId)>,
    /// Behaviours' ids, sorted.
    ids: Vec<u64>,
    uses_groups: bool,
    /// Plans made so far, by the places of the profiles.
    plans: Mutex<AHashMap<Box<[u16]>, Arc<Plan>>>,
}

/// The documents that profiles are made of.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    pub(crate) custom: Vec<Document>,
    pub(crate) dimensions: Vec<Document>,
    pub(crate) profiles: Vec<Document>,
}

impl Watchlist {
    /// Reads all documents; those that say nothing valid are left out and returned with their problems.
    pub(crate) fn load(
        epoch: u64,
        sources: &Sources,
        elements_max: usize,
    ) -> (Self, Vec<BrokenProfile>) {
        let mut broken = Vec::new();
        let custom: Vec<CustomMetric> = read(&sources.custom, &mut broken, |name, body| {
            profile::parse_custom_metric(name, body)
        });
        let dimensions: Vec<Dimension> = read(&sources.dimensions, &mut broken, |name, body| {
            profile::parse_dimension(name, body)
        });
        let vocabulary = Vocabulary { custom: &custom, dimensions: &dimensions, elements_max };
        let profiles: Vec<Profile> = read(&sources.profiles, &mut broken, |name, body| {
            profile::parse(name, body, &vocabulary)
        });
        let documents = Arc::new(Documents::new(profiles, custom));
        (Self { epoch, documents }, broken)
    }

    /// The same list, which keeps what its profiles want kept under the numbers of `book`.
    pub(crate) fn keeping_in(mut self, book: &SeriesBook) -> Self {
        if let Some(documents) = Arc::get_mut(&mut self.documents) {
            for watched in documents.profiles.iter().flat_map(|profile| &profile.retained) {
                if !documents.numbers.iter().any(|(other, _)| other == watched) {
                    documents.numbers.push((watched.clone(), book.number(&series(watched))));
                }
            }
        }
        self
    }

    /// The same list at a later epoch.
    pub(crate) fn renewed(&self) -> Self {
        Self { epoch: self.epoch + 1, documents: self.documents.clone() }
    }

    /// The profiles.
    pub(crate) fn profiles(&self) -> &[Profile] {
        &self.documents.profiles
    }

    /// The declared kind of a custom metric.
    pub(crate) fn custom(&self, name: &str) -> Option<Kind> {
        self.documents.custom.get(name).copied()
    }

    /// The percentile that a behaviour compares with.
    pub(crate) fn statistic(&self, behavior: u64) -> Option<Statistic> {
        self.documents.statistics.get(&behavior).copied()
    }

    /// Whether there is such a behaviour, whomever it watches.
    pub(crate) fn has_behavior(&self, behavior: u64) -> bool {
        self.documents.ids.binary_search(&behavior).is_ok()
    }

    /// The dimensions through which something is counted, each once.
    pub(crate) fn lenses(&self) -> Vec<MetricDimension> {
        let mut lenses: Vec<MetricDimension> = Vec::new();
        let watched = self.profiles().iter().flat_map(|profile| &profile.retained);
        for dimension in watched.filter_map(|watched| watched.dimension.as_ref()) {
            if !lenses.iter().any(|other| other.lens == dimension.lens) {
                lenses.push(dimension.clone());
            }
        }
        lenses
    }

    /// Places of the profiles that watch `thing`.
    pub(crate) fn applicable(&self, thing: &str, directory: &dyn Directory) -> Box<[u16]> {
        let Documents { profiles, uses_groups, .. } = &*self.documents;
        if profiles.is_empty() {
            return Box::default();
        }
        let registered = directory.is_registered(thing);
        let groups = if *uses_groups { directory.groups_of(thing) } else { Vec::new() };
        (0..)
            .zip(profiles)
            .filter(|(_, it)| it.targets.iter().any(|target| target.covers(registered, &groups)))
            .map(|(index, _)| index)
            .collect()
    }

    /// What the profiles that watch `thing` want.
    pub(crate) fn plan(&self, thing: &str, directory: &dyn Directory) -> Arc<Plan> {
        let places = self.applicable(thing, directory);
        let mut plans = self.documents.plans.lock();
        if let Some(plan) = plans.get(&places) {
            return plan.clone();
        }
        let numbers = &self.documents.numbers;
        let number = |watched: &WatchedMetric| {
            numbers.iter().find(|(other, _)| other == watched).map(|(_, number)| *number)
        };
        let plan = Arc::new(Plan::new(self.profiles(), &places, number));
        plans.insert(places, plan.clone());
        plan
    }
}

impl Documents {
    fn new(profiles: Vec<Profile>, custom: Vec<CustomMetric>) -> Self {
        let mut documents = Self::default();
        for behavior in profiles.iter().flat_map(|profile| &profile.behaviors) {
            documents.ids.push(behavior.id);
            if let Criteria::Statistical { statistic, .. } = behavior.criteria {
                documents.statistics.insert(behavior.id, statistic);
            }
        }
        documents.ids.sort_unstable();
        let targets = profiles.iter().flat_map(|profile| &profile.targets);
        documents.uses_groups =
            targets.into_iter().any(|target| matches!(target, Target::Group(_)));
        documents.custom = custom.into_iter().map(|metric| (metric.name, metric.kind)).collect();
        documents.profiles = profiles;
        documents
    }
}

/// What the good ones among the documents say.
fn read<T>(
    documents: &[Document],
    broken: &mut Vec<BrokenProfile>,
    parse: impl Fn(&str, &str) -> Result<T, Vec<Problem>>,
) -> Vec<T> {
    let mut good = Vec::with_capacity(documents.len());
    for document in documents {
        match parse(&document.name, &document.body) {
            Ok(it) => good.push(it),
            Err(problems) => broken.push(BrokenProfile::new(document, &problems)),
        }
    }
    good
}

/// The name under which a metric is kept.
fn series(watched: &WatchedMetric) -> Series {
    let dimension = watched.dimension.as_ref();
    let dimension =
        dimension.map(|it| (it.dimension.name.clone(), it.operator.as_str().to_owned()));
    Series { metric: watched.metric.name().to_owned(), dimension }
}
