//! `aws:num-listening-udp-ports`.

use super::{Kind, Metric, Observation, Period, Side};
use crate::measured::Measured;

/// See [`Metric::doc`].
#[derive(Debug)]
pub(super) struct NumListeningUdpPorts;

impl Metric for NumListeningUdpPorts {
    fn name(&self) -> &'static str {
        "aws:num-listening-udp-ports"
    }

    fn side(&self) -> Side {
        Side::Device
    }

    fn kind(&self) -> Kind {
        Kind::Count
    }

    fn unit(&self) -> &'static str {
        "ports"
    }

    fn doc(&self) -> &'static str {
        "How many UDP ports the device listens on."
    }

    fn period(&self) -> Period {
        Period::Optional
    }

    fn observe(&self, observation: &Observation<'_>) -> Option<Measured> {
        let Observation::Report { metrics, .. } = observation else {
            return None;
        };
        let listening = metrics.listening_udp_ports.as_ref()?;
        let listed = || listening.ports.as_ref().map(|ports| ports.len() as u64);
        listening.total.or_else(listed).map(Measured::Count)
    }
}
