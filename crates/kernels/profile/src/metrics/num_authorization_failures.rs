//! `aws:num-authorization-failures`.

use super::{Kind, Metric, Observation, Side};
use crate::measured::Measured;

/// See [`Metric::doc`].
#[derive(Debug)]
pub(super) struct NumAuthorizationFailures;

impl Metric for NumAuthorizationFailures {
    fn name(&self) -> &'static str {
        "aws:num-authorization-failures"
    }

    fn side(&self) -> Side {
        Side::Cloud
    }

    fn kind(&self) -> Kind {
        Kind::Count
    }

    fn unit(&self) -> &'static str {
        "failures"
    }

    fn doc(&self) -> &'static str {
        "Requests of the device that were denied in the period."
    }

    fn dimension(&self) -> bool {
        true
    }

    fn observe(&self, observation: &Observation<'_>) -> Option<Measured> {
        let Observation::Window(window) = observation else {
            return None;
        };
        window.active.then_some(Measured::Count(window.counts.authorization_failures))
    }
}
