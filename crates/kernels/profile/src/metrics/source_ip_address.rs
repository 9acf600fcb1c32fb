//! `aws:source-ip-address`.

use super::{Kind, Metric, Observation, Side};
use crate::measured::Measured;

/// See [`Metric::doc`].
#[derive(Debug)]
pub(super) struct SourceIpAddress;

impl Metric for SourceIpAddress {
    fn name(&self) -> &'static str {
        "aws:source-ip-address"
    }

    fn side(&self) -> Side {
        Side::Cloud
    }

    fn kind(&self) -> Kind {
        Kind::Cidrs
    }

    fn unit(&self) -> &'static str {
        ""
    }

    fn doc(&self) -> &'static str {
        "Addresses the device connected from."
    }

    fn dimension(&self) -> bool {
        true
    }

    fn observe(&self, observation: &Observation<'_>) -> Option<Measured> {
        let Observation::Window(window) = observation else {
            return None;
        };
        window.active.then(|| Measured::Addresses(window.counts.sources.clone()))
    }
}
