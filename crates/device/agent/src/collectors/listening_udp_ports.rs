use picket_wire_report::Report;

use super::{Collector, Sample, ports};
use crate::procfs::ProcfsError;
use crate::sockets;

#[derive(Debug)]
pub(super) struct ListeningUdpPorts;

impl Collector for ListeningUdpPorts {
    fn name(&self) -> &'static str {
        "listening_udp_ports"
    }

    fn doc(&self) -> &'static str {
        "UDP ports that take datagrams from anyone, with the interface they are bound to."
    }

    fn collect(&self, sample: &mut Sample<'_>, report: &mut Report) -> Result<(), ProcfsError> {
        let ports = ports::listening(sample, &sockets::listening_udp(sample.procfs)?);
        report.metrics.get_or_insert_default().listening_udp_ports = Some(ports);
        Ok(())
    }
}
