//! Security profiles as a decision without input or output: the catalogue of metrics, what a profile
//! document says, and whether a measured value is as a behaviour expects it (spec device-defender §2, §3).
//!
//! The detect engine evaluates live reports with it, the control plane checks documents with it, and a
//! backtest puts stored datapoints through it.

mod blocks;
mod dimension;
mod evaluate;
mod flags;
mod measured;
pub mod metrics;
mod profile;
mod statistic;
mod window;

pub use blocks::Blocks;
pub use dimension::{Dimension, DimensionOperator, MetricDimension, TopicFilters, check_filter};
pub use evaluate::{Operator, Test, Verdict};
pub use flags::Flag;
pub use measured::Measured;
pub use metrics::{Kind, Metric, Observation, Period, Side};
pub use profile::{
    Behavior, Criteria, CustomMetric, DURATIONS, ELEMENTS_MAX, Export, MetricRef, Problem, Profile,
    Target, Vocabulary, WatchedMetric, amount, parse, parse_custom_metric, parse_dimension,
};
pub use statistic::{DEVICES_MIN, Statistic};
pub use window::{WindowCounts, WindowView};
