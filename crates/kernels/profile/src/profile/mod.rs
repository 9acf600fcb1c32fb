//! Security profiles, checked and ready to be evaluated (spec device-defender §3).

mod behavior;
mod criteria;
mod document;
mod reader;
mod target;
mod threshold;
mod vocabulary;
mod watched;

use std::sync::Arc;

pub use behavior::{Behavior, Criteria, amount};
pub use criteria::DURATIONS;
pub use document::parse;
pub use reader::Problem;
pub use target::Target;
pub use vocabulary::{
    CustomMetric, ELEMENTS_MAX, Vocabulary, parse_custom_metric, parse_dimension,
};

use crate::dimension::MetricDimension;
use crate::measured::Measured;
use crate::metrics::{self, Observation, Side};

/// A metric a profile uses.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum MetricRef {
    /// Place in [`metrics::ALL`].
    BuiltIn(usize),
    /// Name of a custom metric.
    Custom(Arc<str>),
}

impl MetricRef {
    /// The metric's name.
    pub fn name(&self) -> &str {
        match self {
            Self::BuiltIn(index) => metrics::ALL.get(*index).map_or("", |metric| metric.name()),
            Self::Custom(name) => name,
        }
    }

    /// Who measures it.
    pub fn side(&self) -> Side {
        match self {
            Self::BuiltIn(index) => {
                metrics::ALL.get(*index).map_or(Side::Device, |metric| metric.side())
            }
            Self::Custom(_) => Side::Device,
        }
    }

    /// The built-in metric; `None` for a custom one.
    pub fn built_in(&self) -> Option<&'static dyn metrics::Metric> {
        match self {
            Self::BuiltIn(index) => metrics::ALL.get(*index).copied(),
            Self::Custom(_) => None,
        }
    }

    /// The datapoint of a built-in metric.
    pub fn observe(&self, observation: &Observation<'_>) -> Option<Measured> {
        match self {
            Self::BuiltIn(index) => metrics::ALL.get(*index)?.observe(observation),
            Self::Custom(_) => None,
        }
    }
}

/// A metric, or the part of it that concerns some topics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchedMetric {
    /// The metric.
    pub metric: MetricRef,
    /// For which topics; all where absent.
    pub dimension: Option<MetricDimension>,
}

/// Where a profile's metrics go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// The MQTT topic.
    pub topic: Arc<str>,
    /// What is exported, each once.
    pub metrics: Vec<WatchedMetric>,
}

/// A security profile.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// Whom it watches.
    pub targets: Vec<Target>,
    /// What it expects.
    pub behaviors: Vec<Behavior>,
    /// What it exports; absent unless both switches are on (spec §5.1).
    pub export: Option<Export>,
    /// Whose datapoints are kept: those of its behaviours and those that it names beside them, each once
    /// (spec §2.9).
    pub retained: Vec<WatchedMetric>,
    /// `alertTargets.SNS.alertTargetArn`, if there is one.
    pub alert_target: Option<String>,
}

#[cfg(test)]
mod tests;
