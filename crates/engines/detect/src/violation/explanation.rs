//! The sentence with which an alarm explains itself.

use picket_core::Timestamp;

use super::Datapoint;

/// What was expected, what came, since when.
pub(super) fn sentence(point: &Datapoint<'_>, since: Timestamp) -> String {
    point.behavior.explain(&point.measured, point.percentile.map(|it| it.threshold), since)
}
