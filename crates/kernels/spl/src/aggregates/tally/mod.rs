//! What is kept of a group's samples, one kind of state a file.

mod extremes;
mod listing;
mod moments;
mod percentile;
mod pick;
mod sets;

use std::fmt::Debug;

use super::function::Measure;
use crate::value::Value;

/// One value of one row.
#[derive(Debug, Clone)]
pub(super) struct Sample<'a> {
    pub(super) value: Value<'a>,
    /// Milliseconds since 1970, where the function goes by time.
    pub(super) time: Option<i64>,
    /// The place of the row in its stage.
    pub(super) order: i64,
}

/// A state on its way between partitions.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Saved {
    pub(super) numbers: Vec<f64>,
    pub(super) texts: Vec<String>,
    pub(super) orders: Vec<i64>,
}

/// The state of a stats function for one group. Merging saved parts in any order gives what adding all
/// samples to one state would give.
pub(super) trait Tally: Debug + Send + Sync {
    /// Takes a sample.
    fn add(&mut self, sample: Sample<'_>);
    /// The state so far.
    fn save(&self) -> Saved;
    /// Takes what another part of the group has seen.
    fn merge(&mut self, other: Saved);
    /// The value so far.
    fn result(&self) -> Option<Value<'static>>;
    /// Bytes held besides the structure itself.
    fn size(&self) -> usize;
}

/// An empty state for `measure`.
pub(super) fn tally(measure: Measure) -> Box<dyn Tally> {
    match measure {
        Measure::Count => Box::new(sets::Count::default()),
        Measure::Distinct => Box::new(sets::Different::counted()),
        Measure::Values => Box::new(sets::Different::listed()),
        Measure::Mode => Box::new(sets::Frequencies::default()),
        Measure::List => Box::new(listing::Listing::default()),
        Measure::Min | Measure::Max => Box::new(extremes::Extreme::new(measure == Measure::Max)),
        Measure::Percentile { percent, exact } => {
            Box::new(percentile::Percentile::new(percent, exact))
        }
        Measure::First
        | Measure::Last
        | Measure::Earliest
        | Measure::Latest
        | Measure::EarliestTime
        | Measure::LatestTime
        | Measure::Rate => Box::new(pick::Ends::new(measure)),
        Measure::Sum
        | Measure::Average
        | Measure::SumOfSquares
        | Measure::Range
        | Measure::Deviation { .. }
        | Measure::Variance { .. }
        | Measure::Per { .. } => Box::new(moments::Moments::new(measure)),
    }
}
