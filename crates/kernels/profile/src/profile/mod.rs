//! Security profiles, checked and ready to be evaluated (spec device-defender §3).

mod criteria;
mod document;
mod reader;
mod target;

use std::sync::Arc;

use picket_core::Timestamp;

pub use document::{parse, parse_custom_metric};
pub use reader::Problem;
pub use target::Target;

use crate::evaluate::Test;
use crate::measured::Measured;
use crate::metrics::{self, Kind, Observation, Side};

/// A custom metric that profiles may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomMetric {
    /// Its name, as devices write it.
    pub name: String,
    /// The declared kind of its values.
    pub kind: Kind,
}

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

    /// The datapoint of a built-in metric.
    pub fn observe(&self, observation: &Observation<'_>) -> Option<Measured> {
        match self {
            Self::BuiltIn(index) => metrics::ALL.get(*index)?.observe(observation),
            Self::Custom(_) => None,
        }
    }
}

/// One behaviour of a profile: what is expected.
#[derive(Debug, Clone, PartialEq)]
pub struct Behavior {
    /// Tells it from all other behaviours, and from itself with other criteria.
    pub id: u64,
    /// Its name, unique in the profile.
    pub name: String,
    /// What it looks at.
    pub metric: MetricRef,
    /// What is expected of it.
    pub test: Test,
    /// Windows that a datapoint covers: `durationSeconds` / 300; 1 where there is none.
    pub windows: u16,
    /// Violating datapoints in a row that raise the alarm, 1–10.
    pub to_alarm: u8,
    /// Complying datapoints in a row that clear it, 1–10.
    pub to_clear: u8,
    /// Whether notifications are muted. Evaluation is not.
    pub suppress_alerts: bool,
}

impl Behavior {
    /// One sentence: what was expected, what came, since when.
    pub fn explain(&self, measured: &Measured, since: Timestamp) -> String {
        let run = match self.to_alarm {
            1 => String::new(),
            n => format!(" ({n} datapoints in a row)"),
        };
        format!(
            "expected {} to be {}, but got {}{run}; in alarm since {since}",
            self.metric.name(),
            self.test,
            self.test.offending(measured),
        )
    }
}

/// Where a profile's metrics go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// The MQTT topic.
    pub topic: Arc<str>,
    /// What is exported, each metric once.
    pub metrics: Vec<MetricRef>,
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
}

#[cfg(test)]
mod tests;
