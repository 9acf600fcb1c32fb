//! `aws:destination-ip-addresses`.

use super::{Kind, Metric, Observation, Side};
use crate::measured::Measured;

/// See [`Metric::doc`].
#[derive(Debug)]
pub(super) struct DestinationIpAddresses;

impl Metric for DestinationIpAddresses {
    fn name(&self) -> &'static str {
        "aws:destination-ip-addresses"
    }

    fn side(&self) -> Side {
        Side::Device
    }

    fn kind(&self) -> Kind {
        Kind::Cidrs
    }

    fn unit(&self) -> &'static str {
        ""
    }

    fn doc(&self) -> &'static str {
        "The far ends of the TCP connections the device holds."
    }

    fn observe(&self, observation: &Observation<'_>) -> Option<Measured> {
        let Observation::Report { metrics, .. } = observation else {
            return None;
        };
        let them = metrics.established_connections.as_ref()?.connections.as_ref()?;
        Some(Measured::addresses(them.iter().map(|connection| connection.remote.ip)))
    }
}
