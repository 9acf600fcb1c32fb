//! `aws:listening-tcp-ports`.

use super::{Kind, Metric, Observation, Side};
use crate::measured::Measured;

/// See [`Metric::doc`].
#[derive(Debug)]
pub(super) struct ListeningTcpPorts;

impl Metric for ListeningTcpPorts {
    fn name(&self) -> &'static str {
        "aws:listening-tcp-ports"
    }

    fn side(&self) -> Side {
        Side::Device
    }

    fn kind(&self) -> Kind {
        Kind::Ports
    }

    fn unit(&self) -> &'static str {
        ""
    }

    fn doc(&self) -> &'static str {
        "The TCP ports the device listens on."
    }

    fn observe(&self, observation: &Observation<'_>) -> Option<Measured> {
        let Observation::Report { metrics, .. } = observation else {
            return None;
        };
        let ports = metrics.listening_tcp_ports.as_ref()?.ports.as_ref()?;
        Some(Measured::ports(ports.iter().map(|entry| entry.port).collect()))
    }
}
