use super::{DeviceKind, Gauge, Peer};

pub(super) const GATEWAY: DeviceKind = DeviceKind {
    prefix: "gateway",
    doc: "gateway of a ward or hall, with remote access",
    tcp_ports: &[(22, "eth0"), (443, "eth0"), (8883, "eth1")],
    udp_ports: &[(53, "eth1"), (67, "eth1"), (123, "eth0")],
    peers: &[
        Peer { network: [10, 20, 1], port: 8883, share: 1.0 },
        Peer { network: [192, 168, 5], port: 502, share: 0.6 },
        Peer { network: [10, 20, 9], port: 22, share: 0.05 },
    ],
    bytes_in_per_s: 5200.0,
    bytes_out_per_s: 6100.0,
    packet_bytes: 520.0,
    night_level: 0.4,
    gauge: Gauge { name: "attachedDevices", base: 12.0, with_load: 9.0, spread: 0.1 },
    data_topic: "uplink",
};
