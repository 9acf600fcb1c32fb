//! `aws:all-packets-in`.

use super::{Kind, Metric, Observation, Side};
use crate::measured::Measured;

/// See [`Metric::doc`].
#[derive(Debug)]
pub(super) struct AllPacketsIn;

impl Metric for AllPacketsIn {
    fn name(&self) -> &'static str {
        "aws:all-packets-in"
    }

    fn side(&self) -> Side {
        Side::Device
    }

    fn kind(&self) -> Kind {
        Kind::Count
    }

    fn unit(&self) -> &'static str {
        "packets"
    }

    fn doc(&self) -> &'static str {
        "Packets the device received in the period."
    }

    fn observe(&self, observation: &Observation<'_>) -> Option<Measured> {
        let Observation::Report { traffic, .. } = observation else {
            return None;
        };
        traffic.packets_in.map(Measured::Count)
    }
}
