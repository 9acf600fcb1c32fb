//! A behaviour: what is expected of a metric, and how a value compares with it.

use std::sync::Arc;

use picket_core::{MetricValue, Timestamp};

use super::MetricRef;
use crate::dimension::MetricDimension;
use crate::evaluate::{Operator, Test, Verdict, bound, compare};
use crate::measured::Measured;
use crate::statistic::Statistic;

/// What a behaviour compares a value with.
#[derive(Debug, Clone, PartialEq)]
pub enum Criteria {
    /// A fixed threshold.
    Static(Test),
    /// A percentile over the devices of the profile in the same period.
    Statistical {
        /// What holds between a device's value and the percentile while all is well.
        operator: Operator,
        /// Which percentile.
        statistic: Statistic,
    },
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
    /// For which topics; all where absent.
    pub dimension: Option<MetricDimension>,
    /// What is expected of it.
    pub criteria: Criteria,
    /// Windows that a datapoint covers: `durationSeconds` / 300; 1 where there is none.
    pub windows: u16,
    /// Violating datapoints in a row that raise the alarm, 1–10.
    pub to_alarm: u8,
    /// Complying datapoints in a row that clear it, 1–10.
    pub to_clear: u8,
    /// Whether notifications are muted. Evaluation is not.
    pub suppress_alerts: bool,
    /// In AWS's shape, JSON, with the defaults filled in.
    pub definition: Arc<str>,
}

impl Behavior {
    /// Whether the value is as expected. `threshold` is the percentile, where one is compared with.
    /// `None` if the value is no datapoint of this behaviour.
    pub fn verdict(&self, measured: &Measured, threshold: Option<f64>) -> Option<Verdict> {
        match &self.criteria {
            Criteria::Static(test) => test.verdict(measured),
            Criteria::Statistical { operator, .. } => {
                let complies = compare(*operator, &amount(measured)?, &threshold?);
                Some(if complies { Verdict::Complies } else { Verdict::Violates })
            }
        }
    }

    /// Whether it waits for a percentile.
    pub const fn is_statistical(&self) -> bool {
        matches!(self.criteria, Criteria::Statistical { .. })
    }

    /// The value that an event about `measured` shows.
    pub fn shown(&self, measured: &Measured) -> MetricValue {
        match &self.criteria {
            Criteria::Static(test) => test.shown(measured),
            Criteria::Statistical { .. } => measured.value(),
        }
    }

    /// One sentence: what was expected, what came, since when.
    pub fn explain(&self, measured: &Measured, threshold: Option<f64>, since: Timestamp) -> String {
        let run = match self.to_alarm {
            1 => String::new(),
            n => format!(" ({n} datapoints in a row)"),
        };
        let topics = match &self.dimension {
            None => String::new(),
            Some(it) => format!(" ({} {})", it.operator.as_str(), it.dimension.name),
        };
        let metric = self.metric.name();
        let (expected, got) = match &self.criteria {
            Criteria::Static(test) => (test.to_string(), test.offending(measured)),
            Criteria::Statistical { operator, statistic } => {
                let threshold = threshold.map_or_else(|| "?".to_owned(), |it| it.to_string());
                let percentile = statistic.as_str();
                let bound = bound(*operator);
                let got = amount(measured).map_or_else(|| "?".to_owned(), |it| it.to_string());
                (format!("{bound} {percentile} of the profile's devices, {threshold}"), got)
            }
        };
        format!(
            "expected {metric}{topics} to be {expected}, but got {got}{run}; in alarm since {since}"
        )
    }
}

/// The number that a percentile is made of: of message sizes the sum. Negative numbers have none, and
/// neither have lists (spec device-defender §4.2).
pub fn amount(measured: &Measured) -> Option<f64> {
    match measured {
        Measured::Count(count) | Measured::Sizes { total: count, .. } => Some(*count as f64),
        Measured::Number(number) => Some(*number).filter(|it| *it >= 0.0),
        _ => None,
    }
}
