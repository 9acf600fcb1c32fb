//! What the two port collectors share.

use std::collections::BTreeSet;

use picket_wire_report::{ListeningPort, ListeningPorts};

use super::Sample;
use crate::sockets::End;

/// Each port once for an interface. The total counts all, the list is bounded.
pub(super) fn listening(sample: &Sample<'_>, ends: &BTreeSet<End>) -> ListeningPorts {
    let bound = || ends.iter().filter(|end| end.port > 0);
    let ports = bound()
        .take(sample.list_entries_max)
        .map(|end| ListeningPort { port: end.port, interface: sample.interfaces.of(end.ip) })
        .collect();
    ListeningPorts { ports: Some(ports), total: u64::try_from(bound().count()).ok() }
}
