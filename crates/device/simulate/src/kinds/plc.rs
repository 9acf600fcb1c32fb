use super::{DeviceKind, Gauge, Peer};

pub(super) const PLC: DeviceKind = DeviceKind {
    prefix: "plc",
    doc: "controller of a building or a line",
    tcp_ports: &[(502, "eth0"), (4840, "eth0")],
    udp_ports: &[(161, "eth0")],
    peers: &[
        Peer { network: [10, 20, 1], port: 8883, share: 1.0 },
        Peer { network: [10, 40, 3], port: 4840, share: 0.8 },
    ],
    bytes_in_per_s: 900.0,
    bytes_out_per_s: 1300.0,
    packet_bytes: 150.0,
    night_level: 0.6,
    gauge: Gauge { name: "cycleTimeMs", base: 10.0, with_load: 4.0, spread: 0.08 },
    data_topic: "process",
};
