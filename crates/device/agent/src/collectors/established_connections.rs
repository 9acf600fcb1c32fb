use picket_wire_report::{Connection, Connections, RemoteAddress, Report};

use super::{Collector, Sample};
use crate::procfs::ProcfsError;
use crate::sockets::{self, ESTABLISHED};

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
        let mut connections = Vec::new();
        let mut total = 0;
        sockets::each(sample.procfs, ["net/tcp", "net/tcp6"], ESTABLISHED, |socket| {
            total += 1;
            if connections.len() < sample.list_entries_max {
                let port = Some(socket.remote.port);
                connections.push(Connection {
                    remote: RemoteAddress { ip: socket.remote.ip, port },
                    local_port: Some(socket.local.port),
                    local_interface: sample.interfaces.of(socket.local.ip),
                });
            }
        })?;
        let established = Connections { connections: Some(connections), total: Some(total) };
        report.metrics.get_or_insert_default().established_connections = Some(established);
        Ok(())
    }
}
