use picket_wire_report::{Connection, Connections, RemoteAddress, Report};

use super::{Collector, Sample};
use crate::procfs::ProcfsError;
use crate::sockets::Socket;

#[derive(Debug)]
pub(super) struct EstablishedConnections;

impl Collector for EstablishedConnections {
    fn name(&self) -> &'static str {
        "tcp_connections"
    }

    fn doc(&self) -> &'static str {
        "Established TCP connections: how many, and the remote address, local port and interface of each."
    }

    fn collect(&self, sample: &mut Sample<'_>, report: &mut Report) -> Result<(), ProcfsError> {
        sample.read_tcp()?;
        let connection = |socket: &Socket| Connection {
            remote: RemoteAddress { ip: socket.remote.ip, port: Some(socket.remote.port) },
            local_port: Some(socket.local.port),
            local_interface: sample.interfaces.of(socket.local.ip),
        };
        let connections = sample.tcp.established.iter().map(connection).collect();
        let total = Some(sample.tcp.established_total);
        let established = Connections { connections: Some(connections), total };
        report.metrics.get_or_insert_default().established_connections = Some(established);
        Ok(())
    }
}
