use super::{DeviceKind, Gauge, Peer};

pub(super) const METER: DeviceKind = DeviceKind {
    prefix: "meter",
    doc: "electricity meter",
    tcp_ports: &[(443, "wwan0")],
    udp_ports: &[(68, "wwan0")],
    peers: &[Peer { network: [10, 20, 1], port: 8883, share: 1.0 }],
    bytes_in_per_s: 40.0,
    bytes_out_per_s: 90.0,
    packet_bytes: 120.0,
    night_level: 0.9,
    gauge: Gauge { name: "voltage", base: 231.0, with_load: -5.0, spread: 0.01 },
    data_topic: "readings",
};
