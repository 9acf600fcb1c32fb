use super::{DeviceKind, Gauge, Peer};

pub(super) const INFUSION_PUMP: DeviceKind = DeviceKind {
    prefix: "pump",
    doc: "infusion pump of a ward",
    tcp_ports: &[(443, "eth0")],
    udp_ports: &[(68, "eth0")],
    peers: &[
        Peer { network: [10, 20, 1], port: 8883, share: 1.0 },
        Peer { network: [10, 20, 4], port: 443, share: 0.3 },
    ],
    bytes_in_per_s: 180.0,
    bytes_out_per_s: 420.0,
    packet_bytes: 240.0,
    night_level: 0.8,
    gauge: Gauge { name: "batteryPct", base: 88.0, with_load: -14.0, spread: 0.03 },
    data_topic: "infusion",
};
