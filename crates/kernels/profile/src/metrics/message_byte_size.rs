//! `aws:message-byte-size`.

use super::{Kind, Metric, Observation, Period, Side};
use crate::measured::Measured;

/// See [`Metric::doc`].
#[derive(Debug)]
pub(super) struct MessageByteSize;

impl Metric for MessageByteSize {
    fn name(&self) -> &'static str {
        "aws:message-byte-size"
    }

    fn side(&self) -> Side {
        Side::Cloud
    }

    fn kind(&self) -> Kind {
        Kind::Count
    }

    fn unit(&self) -> &'static str {
        "bytes"
    }

    fn doc(&self) -> &'static str {
        "Payload size of the messages the device sent; a threshold holds for each message."
    }

    fn period(&self) -> Period {
        Period::Forbidden
    }

    fn dimension(&self) -> bool {
        true
    }

    fn observe(&self, observation: &Observation<'_>) -> Option<Measured> {
        let Observation::Window(window) = observation else {
            return None;
        };
        let counts = window.counts;
        (counts.messages_in > 0).then_some(Measured::Sizes {
            min: counts.bytes_min,
            max: counts.bytes_max,
            total: counts.bytes_total,
        })
    }
}
