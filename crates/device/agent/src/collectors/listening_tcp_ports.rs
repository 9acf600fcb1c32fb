use picket_wire_report::Report;

use super::{Collector, Sample, ports};
use crate::procfs::ProcfsError;

#[derive(Debug)]
pub(super) struct ListeningTcpPorts;

impl Collector for ListeningTcpPorts {
    fn name(&self) -> &'static str {
        "listening_tcp_ports"
    }

    fn doc(&self) -> &'static str {
        "TCP ports that take connections, with the interface they are bound to."
    }

    fn collect(&self, sample: &mut Sample<'_>, report: &mut Report) -> Result<(), ProcfsError> {
        sample.read_tcp()?;
        let ports = ports::listening(sample, &sample.tcp.listening);
        report.metrics.get_or_insert_default().listening_tcp_ports = Some(ports);
        Ok(())
    }
}
