//! One device: what it reports at which moment. No IO, no clock.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use picket_core::Timestamp;
use picket_wire_report::{
    Connection, Connections, CustomValue, DeviceMetrics, Format, ListeningPort, ListeningPorts,
    Names, NetworkStats, RemoteAddress, Report, encode,
};
use rand::RngExt as _;
use rand::rngs::StdRng;

use crate::kinds::{DeviceKind, Peer};
use crate::{chance, day};

/// First port of the range that outgoing connections take.
const EPHEMERAL_PORT: u16 = 49_152;

/// When a report is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The time.
    pub now: Timestamp,
    /// Time since the simulation began.
    pub since_start: Duration,
    /// Time since the last report of this device; `None` for its first.
    pub since_last: Option<Duration>,
    /// Reports made before.
    pub number: u64,
}

/// One device of the fleet.
#[derive(Debug, Clone, PartialEq)]
pub struct Device {
    /// Thing name and client id.
    pub name: String,
    /// Its place in the fleet.
    pub index: u64,
    /// What it is.
    pub kind: &'static DeviceKind,
    seed: u64,
    day: Duration,
}

impl Device {
    /// The device called `name`, at `index` of the fleet; `None` if no kind has such names.
    pub fn new(name: &str, index: u64, seed: u64, day: Duration) -> Option<Self> {
        DeviceKind::of_name(name).map(|kind| Self::of_kind(name, index, kind, seed, day))
    }

    /// A device of `kind`, whatever its name.
    pub fn of_kind(
        name: &str,
        index: u64,
        kind: &'static DeviceKind,
        seed: u64,
        day: Duration,
    ) -> Self {
        Self { name: name.to_owned(), index, kind, seed, day }
    }

    /// The encoding of its reports: every seventh device sends CBOR.
    pub fn format(&self) -> Format {
        if self.index % 7 == 6 { Format::Cbor } else { Format::Json }
    }

    /// The member names of its reports: every fifth device uses the short ones.
    pub fn names(&self) -> Names {
        if self.index % 5 == 4 { Names::Short } else { Names::Long }
    }

    /// The topic of its reports.
    pub fn report_topic(&self) -> String {
        let format = match self.format() {
            Format::Json => "json",
            Format::Cbor => "cbor",
        };
        format!("$aws/things/{}/defender/metrics/{format}", self.name)
    }

    /// The topic of its data messages.
    pub fn data_topic(&self) -> String {
        format!("things/{}/{}", self.name, self.kind.data_topic)
    }

    /// What it reports when all is well.
    pub fn report(&self, moment: &Moment) -> Report {
        let mut rng = chance::of(self.seed, self.index, moment.number);
        let load = day::load(moment.now, self.day, self.kind.night_level);
        let metrics = DeviceMetrics {
            listening_tcp_ports: Some(listening(self.kind.tcp_ports)),
            listening_udp_ports: Some(listening(self.kind.udp_ports)),
            network_stats: moment.since_last.map(|time| self.traffic(&mut rng, load, time)),
            established_connections: Some(self.connections(&mut rng)),
        };
        let gauge = self.kind.gauge;
        let value =
            (gauge.base + gauge.with_load * load) * chance::around_one(&mut rng, gauge.spread);
        let value = CustomValue::Number((value * 10.0).round() / 10.0);
        Report {
            report_id: u64::try_from(moment.now.as_millis()).unwrap_or(1).max(1),
            metrics: Some(metrics),
            custom_metrics: Some(vec![(gauge.name.to_owned(), value)]),
            ..Report::default()
        }
    }

    /// A report's bytes, in this device's encoding.
    pub fn encode(&self, report: &Report) -> Vec<u8> {
        encode(self.format(), self.names(), report)
    }

    /// A data message: its own measurement.
    pub fn data(&self, now: Timestamp, number: u64) -> String {
        let mut rng = chance::of(!self.seed, self.index, number);
        let gauge = self.kind.gauge;
        let load = day::load(now, self.day, self.kind.night_level);
        let value =
            (gauge.base + gauge.with_load * load) * chance::around_one(&mut rng, gauge.spread);
        serde_json::json!({
            "device": self.name, "time": now.as_millis(), gauge.name: (value * 10.0).round() / 10.0,
        })
        .to_string()
    }

    fn traffic(&self, rng: &mut StdRng, load: f64, time: Duration) -> NetworkStats {
        let kind = self.kind;
        let seconds = time.as_secs_f64();
        let amount =
            |per_s: f64, rng: &mut StdRng| per_s * seconds * load * chance::around_one(rng, 0.25);
        let bytes_in = amount(kind.bytes_in_per_s, rng);
        let bytes_out = amount(kind.bytes_out_per_s, rng);
        // The sender's packets are acknowledged by small ones the other way.
        let packets = |own: f64, other: f64| (own + other / 2.0) / kind.packet_bytes;
        NetworkStats {
            bytes_in: Some(whole(bytes_in)),
            bytes_out: Some(whole(bytes_out)),
            packets_in: Some(whole(packets(bytes_in, bytes_out)).max(1)),
            packets_out: Some(whole(packets(bytes_out, bytes_in)).max(1)),
        }
    }

    fn connections(&self, rng: &mut StdRng) -> Connections {
        let mut connections = Vec::new();
        for (place, peer) in (0_u16..).zip(self.kind.peers) {
            // Drawn for each peer, so that one that is closed does not change what follows.
            let is_open = rng.random_bool(peer.share);
            if is_open {
                connections.push(self.connection(place, peer));
            }
        }
        let total = u64::try_from(connections.len()).ok();
        Connections { connections: Some(connections), total }
    }

    fn connection(&self, place: u16, peer: &Peer) -> Connection {
        let [a, b, c] = peer.network;
        // A few hosts serve the whole fleet; a device stays with its own.
        let host = u8::try_from(self.index % 4).unwrap_or(0) + 10;
        let interface = self.kind.tcp_ports.first().map(|(_, interface)| (*interface).to_owned());
        Connection {
            remote: RemoteAddress {
                ip: IpAddr::V4(Ipv4Addr::new(a, b, c, host)),
                port: Some(peer.port),
            },
            local_port: Some(self.local_port(place)),
            local_interface: interface,
        }
    }

    pub(crate) fn local_port(&self, place: u16) -> u16 {
        let own = u16::try_from(self.index % 1000).unwrap_or(0) * 16;
        EPHEMERAL_PORT + own.saturating_add(place) % 16_000
    }
}

fn listening(ports: &[(u16, &str)]) -> ListeningPorts {
    let ports: Vec<_> = ports
        .iter()
        .map(|(port, interface)| ListeningPort {
            port: *port,
            interface: Some((*interface).to_owned()),
        })
        .collect();
    let total = u64::try_from(ports.len()).ok();
    ListeningPorts { ports: Some(ports), total }
}

/// A number of bytes or packets; never negative or too large for JSON.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped before")]
pub(crate) fn whole(number: f64) -> u64 {
    number.clamp(0.0, 9e15) as u64
}
