//! `aws:num-established-tcp-connections`.

use super::{Kind, Metric, Observation, Period, Side};
use crate::measured::Measured;

/// See [`Metric::doc`].
#[derive(Debug)]
pub(super) struct NumEstablishedTcpConnections;

impl Metric for NumEstablishedTcpConnections {
    fn name(&self) -> &'static str {
        "aws:num-established-tcp-connections"
    }

    fn side(&self) -> Side {
        Side::Device
    }

    fn kind(&self) -> Kind {
        Kind::Count
    }

    fn unit(&self) -> &'static str {
        "connections"
    }

    fn doc(&self) -> &'static str {
        "How many TCP connections the device holds."
    }

    fn period(&self) -> Period {
        Period::Optional
    }

    fn observe(&self, observation: &Observation<'_>) -> Option<Measured> {
        let Observation::Report { metrics, .. } = observation else {
            return None;
        };
        let established = metrics.established_connections.as_ref()?;
        let listed = || established.connections.as_ref().map(|them| them.len() as u64);
        established.total.or_else(listed).map(Measured::Count)
    }
}
