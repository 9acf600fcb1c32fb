use super::{DeviceKind, Gauge, Peer};

pub(super) const CAMERA: DeviceKind = DeviceKind {
    prefix: "camera",
    doc: "camera of an entrance or a hall",
    tcp_ports: &[(80, "eth0"), (443, "eth0")],
    udp_ports: &[(3702, "eth0"), (5353, "eth0")],
    peers: &[
        Peer { network: [10, 20, 1], port: 8883, share: 1.0 },
        Peer { network: [10, 30, 2], port: 8443, share: 0.9 },
    ],
    bytes_in_per_s: 700.0,
    bytes_out_per_s: 7400.0,
    packet_bytes: 980.0,
    night_level: 0.5,
    gauge: Gauge { name: "framesPerSecond", base: 25.0, with_load: -3.0, spread: 0.05 },
    data_topic: "motion",
};
