//! `aws:all-packets-out`.

use super::{Kind, Metric, Observation, Side};
use crate::measured::Measured;

/// See [`Metric::doc`].
#[derive(Debug)]
pub(super) struct AllPacketsOut;

impl Metric for AllPacketsOut {
    fn name(&self) -> &'static str {
        "aws:all-packets-out"
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
        "Packets the device sent in the period."
    }

    fn observe(&self, observation: &Observation<'_>) -> Option<Measured> {
        let Observation::Report { traffic, .. } = observation else {
            return None;
        };
        traffic.packets_out.map(Measured::Count)
    }
}
