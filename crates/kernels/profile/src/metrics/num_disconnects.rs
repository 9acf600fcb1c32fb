//! `aws:num-disconnects`.

use super::{Kind, Metric, Observation, Side};
use crate::measured::Measured;

/// See [`Metric::doc`].
#[derive(Debug)]
pub(super) struct NumDisconnects;

impl Metric for NumDisconnects {
    fn name(&self) -> &'static str {
        "aws:num-disconnects"
    }

    fn side(&self) -> Side {
        Side::Cloud
    }

    fn kind(&self) -> Kind {
        Kind::Count
    }

    fn unit(&self) -> &'static str {
        "disconnects"
    }

    fn doc(&self) -> &'static str {
        "Ends of established sessions of the device in the period."
    }

    fn observe(&self, observation: &Observation<'_>) -> Option<Measured> {
        let Observation::Window(window) = observation else {
            return None;
        };
        window.active.then_some(Measured::Count(window.counts.disconnects))
    }
}
