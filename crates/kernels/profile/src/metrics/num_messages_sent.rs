//! `aws:num-messages-sent`.

use super::{Kind, Metric, Observation, Side};
use crate::measured::Measured;

/// See [`Metric::doc`].
#[derive(Debug)]
pub(super) struct NumMessagesSent;

impl Metric for NumMessagesSent {
    fn name(&self) -> &'static str {
        "aws:num-messages-sent"
    }

    fn side(&self) -> Side {
        Side::Cloud
    }

    fn kind(&self) -> Kind {
        Kind::Count
    }

    fn unit(&self) -> &'static str {
        "messages"
    }

    fn doc(&self) -> &'static str {
        "Messages the device sent to the broker in the period."
    }

    fn dimension(&self) -> bool {
        true
    }

    fn observe(&self, observation: &Observation<'_>) -> Option<Measured> {
        let Observation::Window(window) = observation else {
            return None;
        };
        window.active.then_some(Measured::Count(window.counts.messages_in))
    }
}
