//! `aws:disconnect-duration`.

use super::{Kind, Metric, Observation, Period, Side};
use crate::evaluate::Operator;
use crate::measured::Measured;

/// See [`Metric::doc`].
#[derive(Debug)]
pub(super) struct DisconnectDuration;

impl Metric for DisconnectDuration {
    fn name(&self) -> &'static str {
        "aws:disconnect-duration"
    }

    fn side(&self) -> Side {
        Side::Cloud
    }

    fn kind(&self) -> Kind {
        Kind::Count
    }

    fn unit(&self) -> &'static str {
        "seconds"
    }

    fn doc(&self) -> &'static str {
        "How long the device has been offline at the end of the window; 0 at a connect."
    }

    fn period(&self) -> Period {
        Period::Forbidden
    }

    fn statistical(&self) -> bool {
        false
    }

    fn allows(&self, operator: Operator) -> bool {
        operator.is_upper_bound()
    }

    fn observe(&self, observation: &Observation<'_>) -> Option<Measured> {
        let Observation::Window(window) = observation else {
            return None;
        };
        window.offline_since.map(|since| Measured::Count(window.end.since(since).as_secs()))
    }
}
