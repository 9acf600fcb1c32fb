//! `aws:num-connection-attempts`.

use super::{Kind, Metric, Observation, Side};
use crate::measured::Measured;

/// See [`Metric::doc`].
#[derive(Debug)]
pub(super) struct NumConnectionAttempts;

impl Metric for NumConnectionAttempts {
    fn name(&self) -> &'static str {
        "aws:num-connection-attempts"
    }

    fn side(&self) -> Side {
        Side::Cloud
    }

    fn kind(&self) -> Kind {
        Kind::Count
    }

    fn unit(&self) -> &'static str {
        "connection attempts"
    }

    fn doc(&self) -> &'static str {
        "Connects of the device in the period, successful and failed."
    }

    fn observe(&self, observation: &Observation<'_>) -> Option<Measured> {
        let Observation::Window(window) = observation else {
            return None;
        };
        window.active.then_some(Measured::Count(window.counts.connection_attempts))
    }
}
