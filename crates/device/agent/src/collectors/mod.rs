//! What the agent measures. One file a metric; [`ALL`] is the list.

mod custom_metrics;
mod established_connections;
#[cfg(test)]
pub(crate) mod fake;
mod listening_tcp_ports;
mod listening_udp_ports;
mod network_stats;
mod ports;
#[cfg(test)]
mod tests;

use std::fmt::Debug;

use picket_wire_report::Report;

use crate::custom::{CustomMetric, CustomMetricError};
use crate::interfaces::Interfaces;
use crate::procfs::{Procfs, ProcfsError};
use crate::sockets::TcpSockets;
pub(crate) use network_stats::Counters;

/// Every collector, in the order of the report.
pub const ALL: &[&dyn Collector] = &[
    &listening_tcp_ports::ListeningTcpPorts,
    &listening_udp_ports::ListeningUdpPorts,
    &network_stats::NetworkTraffic,
    &established_connections::EstablishedConnections,
    &custom_metrics::CustomMetrics,
];

/// Measures one part of the report.
pub trait Collector: Debug + Sync {
    /// Its long name in the report.
    fn name(&self) -> &'static str;
    /// What it measures, in a sentence.
    fn doc(&self) -> &'static str;
    /// Measures. What fails is told to `sample` or returned; the other collectors go on.
    fn collect(&self, sample: &mut Sample<'_>, report: &mut Report) -> Result<(), ProcfsError>;
}

/// What collectors look at.
#[derive(Debug)]
pub struct Sample<'a> {
    pub(crate) procfs: &'a Procfs,
    /// See [`Sample::read_tcp`].
    pub(crate) tcp: TcpSockets,
    pub(crate) has_tcp: bool,
    pub(crate) interfaces: Interfaces,
    pub(crate) list_entries_max: usize,
    /// Interfaces whose traffic is not counted.
    pub(crate) interfaces_excluded: &'a [String],
    pub(crate) custom_metrics: &'a [CustomMetric],
    /// The counters at the time of the last report.
    pub(crate) reported: Option<&'a Counters>,
    /// The counters of now, once read.
    pub(crate) counters: Option<Counters>,
    pub(crate) failures: Vec<CustomMetricError>,
}

impl Sample<'_> {
    /// Fills `tcp`, once for all collectors.
    fn read_tcp(&mut self) -> Result<(), ProcfsError> {
        if !self.has_tcp {
            self.tcp = TcpSockets::read(self.procfs, self.list_entries_max)?;
            self.has_tcp = true;
        }
        Ok(())
    }
}
