use std::net::{IpAddr, Ipv4Addr};

use picket_wire_report::{Connection, RemoteAddress, Report};

use super::Scenario;
use crate::device::{Device, Moment, whole};

/// Where the data goes: an address outside of the site.
const DESTINATION: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 77);
const PORT: u16 = 4444;
/// Place of the connection among those of the device, for its local port.
const PLACE: u16 = 15;
/// How fast it goes there.
const BYTES_PER_S: f64 = 2_000_000.0;
const PACKET_BYTES: f64 = 1400.0;

#[derive(Debug)]
pub(super) struct Exfiltration;

impl Scenario for Exfiltration {
    fn name(&self) -> &'static str {
        "exfiltration"
    }

    fn doc(&self) -> &'static str {
        "One device sends megabytes to an address outside of the site."
    }

    fn alter(&self, device: &Device, moment: &Moment, report: &mut Report) {
        let metrics = report.metrics.get_or_insert_default();
        let established = metrics.established_connections.get_or_insert_default();
        let connections = established.connections.get_or_insert_default();
        connections.push(Connection {
            remote: RemoteAddress { ip: IpAddr::V4(DESTINATION), port: Some(PORT) },
            local_port: Some(device.local_port(PLACE)),
            local_interface: device.kind.tcp_ports.first().map(|(_, name)| (*name).to_owned()),
        });
        established.total = u64::try_from(connections.len()).ok();
        if let (Some(stats), Some(time)) = (&mut metrics.network_stats, moment.since_last) {
            let bytes = BYTES_PER_S * time.as_secs_f64();
            let more = |count: &mut Option<u64>, by: f64| {
                *count = Some(count.unwrap_or(0).saturating_add(whole(by)));
            };
            more(&mut stats.bytes_out, bytes);
            more(&mut stats.packets_out, bytes / PACKET_BYTES);
            more(&mut stats.packets_in, bytes / PACKET_BYTES / 2.0);
            more(&mut stats.bytes_in, bytes / PACKET_BYTES / 2.0 * 54.0);
        }
    }
}
