//! A machine made of files.

use std::path::PathBuf;
use std::time::Duration;

use picket_core::ThingName;
use picket_device_client::{Endpoint, IdentityPaths, MqttVersion};
use picket_wire_report::{Format, Names};

use crate::config::AgentConfig;
use crate::custom::{CustomMetric, ValueKind, ValueSource};
use crate::procfs::Procfs;

pub(crate) struct Machine(tempfile::TempDir);

/// Listens on 22 (everywhere), 5432 (loopback) and 21 (IPv6, everywhere), UDP 68 on the network,
/// with two connections.
pub(crate) fn machine() -> Machine {
    let machine = Machine(tempfile::tempdir().unwrap());
    std::fs::create_dir(machine.path("net")).unwrap();
    let heading = "  sl  local_address rem_address   st tx_queue rx_queue\n";
    let rest = "00000000:00000000 00:00000000 00000000     0        0 184 1";
    let tcp = [
        "0: 00000000:0016 00000000:0000 0A",
        "1: 0100007F:1538 00000000:0000 0A",
        "2: 020200C0:CBF0 097100CB:22B3 01",
        "3: 0100007F:9BCD 0100007F:C6D8 06",
    ];
    let tcp6 = [
        "0: 00000000000000000000000000000000:0015 00000000000000000000000000000000:0000 0A",
        "1: 0000000000000000FFFF0000020200C0:01BB 0000000000000000FFFF0000096433C6:C001 01",
    ];
    let udp = ["0: 020200C0:0044 00000000:0000 07", "1: 020200C0:9999 08080808:0035 01"];
    for (table, lines) in [("tcp", &tcp[..]), ("tcp6", &tcp6), ("udp", &udp)] {
        let lines: String = lines.iter().map(|line| format!("   {line} {rest}\n")).collect();
        machine.write(&format!("net/{table}"), &format!("{heading}{lines}"));
    }
    machine.write(
        "net/route",
        "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n\
         eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\n\
         eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\n",
    );
    machine.traffic(0);
    machine
}

pub(crate) fn custom_metrics() -> Vec<CustomMetric> {
    let command = |script: &str| ValueSource::Command {
        argv: ["sh", "-c", script].map(str::to_owned).to_vec(),
        timeout: Duration::from_secs(10),
    };
    let metric = |name: &str, source| CustomMetric {
        name: name.to_owned(),
        kind: ValueKind::Number,
        source,
    };
    vec![metric("broken", command("exit 1")), metric("batteryPct", command("echo 71.5"))]
}

impl Machine {
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// Sets the bytes that came in on `eth0` since it is up.
    pub(crate) fn traffic(&self, bytes_in: u64) {
        self.write(
            "net/dev",
            &format!(
                "Inter-|   Receive                          |  Transmit\n \
                 face |bytes packets errs drop fifo frame compressed multicast|bytes packets\n    \
                 lo: 999 9 0 0 0 0 0 0 999 9 0 0 0 0 0 0\n  \
                 eth0: {bytes_in} 10 0 0 0 0 0 0 200 2 0 0 0 0 0 0\n"
            ),
        );
    }

    pub(crate) fn config(&self) -> AgentConfig {
        AgentConfig {
            endpoint: Endpoint::new("localhost", 8883),
            thing_name: ThingName::new("pump-17").unwrap(),
            client_id: "pump-17".to_owned(),
            identity: IdentityPaths {
                ca: self.path("ca.pem"),
                certificate: self.path("certificate.pem.crt"),
                key: self.path("private.pem.key"),
            },
            interval: Duration::from_secs(300),
            format: Format::Json,
            names: Names::Long,
            mqtt_version: MqttVersion::V5,
            alpn: false,
            memory_max_mib: None,
            list_entries_max: 500,
            interfaces_excluded: vec!["lo".to_owned()],
            procfs: Procfs::at(self.0.path()),
            custom_metrics: Vec::new(),
        }
    }
}
