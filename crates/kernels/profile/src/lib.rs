//! Security profiles as a decision without input or output: the catalogue of metrics, what a profile
//! document says, and whether a measured value is as a behaviour expects it (spec device-defender §2, §3).
//!
//! The detect engine evaluates live reports with it, the control plane checks documents with it, and a
//! backtest puts stored datapoints through it.

mod evaluate;
mod measured;
pub mod metrics;
mod profile;
mod window;

pub use evaluate::{Operator, Test, Verdict};
pub use measured::Measured;
pub use metrics::{Kind, Metric, Observation, Period, Side};
pub use profile::{
    Behavior, CustomMetric, Export, MetricRef, Problem, Profile, Target, parse, parse_custom_metric,
};
pub use window::{WindowCounts, WindowView};
