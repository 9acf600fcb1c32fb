//! What the two port collectors share.

use std::collections::BTreeSet;

use picket_wire_report::{ListeningPort, ListeningPorts};

use super::Sample;
use crate::procfs::ProcfsError;
use crate::sockets;

/// The ports of sockets in `state`, each once for an interface. The total counts all, the list is
/// bounded.
pub(super) fn listening(
    sample: &Sample<'_>,
    tables: [&str; 2],
    state: u8,
) -> Result<ListeningPorts, ProcfsError> {
    let mut ends = BTreeSet::new();
    sockets::each(sample.procfs, tables, state, |socket| {
        if socket.local.port > 0 {
            ends.insert((socket.local.port, socket.local.ip));
        }
    })?;
    let ports = ends
        .iter()
        .take(sample.list_entries_max)
        .map(|(port, ip)| ListeningPort { port: *port, interface: sample.interfaces.of(*ip) })
        .collect();
    Ok(ListeningPorts { ports: Some(ports), total: u64::try_from(ends.len()).ok() })
}
