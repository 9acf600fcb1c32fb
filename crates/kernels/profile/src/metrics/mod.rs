//! The catalogue of built-in metrics (spec device-defender §2.3): one file and one line in [`ALL`] each.

use picket_wire_report::{DeviceMetrics, NetworkStats};

use crate::evaluate::Operator;
use crate::flags::Flag;
use crate::measured::Measured;
use crate::window::WindowView;

mod all_bytes_in;
mod all_bytes_out;
mod all_packets_in;
mod all_packets_out;
mod destination_ip_addresses;
mod disconnect_duration;
mod listening_tcp_ports;
mod listening_udp_ports;
mod message_byte_size;
mod num_authorization_failures;
mod num_connection_attempts;
mod num_disconnects;
mod num_established_tcp_connections;
mod num_listening_tcp_ports;
mod num_listening_udp_ports;
mod num_messages_received;
mod num_messages_sent;
mod report_flags;
mod source_ip_address;

/// Every built-in metric, cloud side first.
pub const ALL: &[&dyn Metric] = &[
    &message_byte_size::MessageByteSize,
    &num_messages_sent::NumMessagesSent,
    &num_messages_received::NumMessagesReceived,
    &num_authorization_failures::NumAuthorizationFailures,
    &source_ip_address::SourceIpAddress,
    &num_connection_attempts::NumConnectionAttempts,
    &num_disconnects::NumDisconnects,
    &disconnect_duration::DisconnectDuration,
    &all_bytes_out::AllBytesOut,
    &all_bytes_in::AllBytesIn,
    &all_packets_out::AllPacketsOut,
    &all_packets_in::AllPacketsIn,
    &num_listening_tcp_ports::NumListeningTcpPorts,
    &num_listening_udp_ports::NumListeningUdpPorts,
    &num_established_tcp_connections::NumEstablishedTcpConnections,
    &listening_tcp_ports::ListeningTcpPorts,
    &listening_udp_ports::ListeningUdpPorts,
    &destination_ip_addresses::DestinationIpAddresses,
    &report_flags::ReportFlags,
];

/// Who measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The device, in its reports; evaluated when a report arrives.
    Device,
    /// The front door; evaluated when a window closes.
    Cloud,
}

/// What kind of value a metric has, and so which operators fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `count`, the four numeric operators.
    Count,
    /// `cidrs`, the CIDR set operators.
    Cidrs,
    /// `ports`, the port set operators.
    Ports,
    /// `number`, the four numeric operators. Custom metrics only.
    Number,
    /// `numbers`, the set operators. Custom metrics only.
    Numbers,
    /// `strings`, the set operators. Custom metrics only.
    Strings,
}

impl Kind {
    /// Whether values of this kind can be compared by `operator`.
    pub const fn allows(self, operator: Operator) -> bool {
        match operator {
            Operator::LessThan
            | Operator::LessThanEquals
            | Operator::GreaterThan
            | Operator::GreaterThanEquals => matches!(self, Self::Count | Self::Number),
            Operator::InCidrSet | Operator::NotInCidrSet => matches!(self, Self::Cidrs),
            Operator::InPortSet | Operator::NotInPortSet => matches!(self, Self::Ports),
            Operator::InSet | Operator::NotInSet => matches!(self, Self::Numbers | Self::Strings),
        }
    }
}

/// Whether a static threshold takes `durationSeconds`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// It must be given: the value is a sum over that time.
    Required,
    /// It may be given; the newest value counts either way.
    Optional,
    /// It must not be given.
    Forbidden,
}

/// What a metric is read from.
#[derive(Debug, Clone, Copy)]
pub enum Observation<'a> {
    /// A report.
    Report {
        /// The report's built-in metrics.
        metrics: &'a DeviceMetrics,
        /// The traffic in sum over the period that is asked for, ending with this report; absent where
        /// the report itself says nothing.
        traffic: NetworkStats,
        /// What is impossible about it.
        flags: &'a [Flag],
    },
    /// A closed period.
    Window(WindowView<'a>),
}

/// A built-in metric.
pub trait Metric: std::fmt::Debug + Sync {
    /// Its name, for example `aws:num-disconnects`.
    fn name(&self) -> &'static str;
    /// Who measures it.
    fn side(&self) -> Side;
    /// The kind of its values.
    fn kind(&self) -> Kind;
    /// The unit of its values; empty for lists.
    fn unit(&self) -> &'static str;
    /// One sentence for the documentation and the console.
    fn doc(&self) -> &'static str;

    /// Whether a threshold takes `durationSeconds`.
    fn period(&self) -> Period {
        match (self.kind(), self.side()) {
            (Kind::Count, _) => Period::Required,
            _ => Period::Forbidden,
        }
    }

    /// Whether a behaviour may compare it with a percentile over the devices of the profile.
    fn statistical(&self) -> bool {
        self.kind() == Kind::Count
    }

    /// Whether values of a period are added up; of others the newest counts.
    fn is_sum(&self) -> bool {
        self.period() == Period::Required
    }

    /// Whether it can be counted for some topics only.
    fn dimension(&self) -> bool {
        false
    }

    /// Whether `operator` makes sense for it.
    fn allows(&self, operator: Operator) -> bool {
        self.kind().allows(operator)
    }

    /// The datapoint in `observation`, if it holds one.
    fn observe(&self, observation: &Observation<'_>) -> Option<Measured>;
}

/// The place in [`ALL`] of the metric called `name`.
pub fn index_of(name: &str) -> Option<usize> {
    ALL.iter().position(|metric| metric.name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_folder_is_in_the_list_under_its_own_name() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/metrics");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
            .filter(|stem| stem != "mod")
            .map(|stem| stem.replace('_', "-"))
            .collect();
        let name = |metric: &&dyn Metric| metric.name().split_once(':').unwrap().1.to_owned();
        let mut listed: Vec<String> = ALL.iter().map(name).collect();
        files.sort();
        listed.sort();
        assert_eq!(files, listed);
    }

    #[test]
    fn every_metric_is_documented_and_some_operator_fits() {
        for metric in ALL {
            assert!(metric.doc().ends_with('.'), "{}", metric.name());
            assert_eq!(metric.unit().is_empty(), metric.kind() != Kind::Count, "{}", metric.name());
            assert!(Operator::ALL.iter().any(|it| metric.allows(*it)), "{}", metric.name());
        }
    }
}
