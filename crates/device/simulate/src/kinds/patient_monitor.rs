use super::{DeviceKind, Gauge, Peer};

pub(super) const PATIENT_MONITOR: DeviceKind = DeviceKind {
    prefix: "monitor",
    doc: "bedside patient monitor",
    tcp_ports: &[(443, "eth0"), (8080, "eth0")],
    udp_ports: &[(68, "eth0"), (5353, "eth0")],
    peers: &[
        Peer { network: [10, 20, 1], port: 8883, share: 1.0 },
        Peer { network: [10, 20, 5], port: 6661, share: 0.95 },
    ],
    bytes_in_per_s: 420.0,
    bytes_out_per_s: 2600.0,
    packet_bytes: 310.0,
    night_level: 0.7,
    gauge: Gauge { name: "leadQualityPct", base: 96.0, with_load: -4.0, spread: 0.02 },
    data_topic: "vitals",
};
