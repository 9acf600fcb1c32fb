//! `aws:all-bytes-out`.

use super::{Kind, Metric, Observation, Side};
use crate::measured::Measured;

/// See [`Metric::doc`].
#[derive(Debug)]
pub(super) struct AllBytesOut;

impl Metric for AllBytesOut {
    fn name(&self) -> &'static str {
        "aws:all-bytes-out"
    }

    fn side(&self) -> Side {
        Side::Device
    }

    fn kind(&self) -> Kind {
        Kind::Count
    }

    fn unit(&self) -> &'static str {
        "bytes"
    }

    fn doc(&self) -> &'static str {
        "Bytes the device sent over its network interfaces in the period."
    }

    fn observe(&self, observation: &Observation<'_>) -> Option<Measured> {
        let Observation::Report { traffic, .. } = observation else {
            return None;
        };
        traffic.bytes_out.map(Measured::Count)
    }
}
