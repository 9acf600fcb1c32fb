use std::time::Duration;

use expect_test::expect;
use picket_core::Timestamp;
use picket_wire_report::{Report, decode};

use super::*;
use crate::kinds;

const DAY: Duration = Duration::from_secs(86_400);
const NOW: Timestamp = Timestamp::from_millis(1_718_000_300_000);

fn moment(number: u64) -> Moment {
    let interval = Duration::from_secs(10);
    Moment {
        now: NOW.plus(interval * u32::try_from(number).unwrap()),
        since_start: interval * u32::try_from(number).unwrap(),
        since_last: (number > 0).then_some(interval),
        number,
    }
}

fn pump(seed: u64) -> Device {
    Device::new("pump-001", 0, seed, DAY).unwrap()
}

fn altered(scenario: &str) -> (Report, Report) {
    let (device, moment) = (pump(7), moment(3));
    let before = device.report(&moment);
    let mut after = before.clone();
    find(scenario).unwrap().alter(&device, &moment, &mut after);
    (before, after)
}

#[test]
fn every_file_of_the_folder_is_in_the_list() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/scenarios");
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), ALL.len() + 2);
    assert!(ALL.iter().all(|scenario| scenario.doc().ends_with('.')));
}

#[test]
fn the_same_seed_gives_the_same_reports() {
    let json = |seed, number| {
        let device = pump(seed);
        String::from_utf8(device.encode(&device.report(&moment(number)))).unwrap()
    };
    expect![[r#"{"header":{"report_id":1718000300000,"version":"1.0"},"metrics":{"listening_tcp_ports":{"ports":[{"interface":"eth0","port":443}],"total":1},"listening_udp_ports":{"ports":[{"interface":"eth0","port":68}],"total":1},"tcp_connections":{"established_connections":{"connections":[{"local_interface":"eth0","local_port":49152,"remote_addr":"10.20.1.10:8883"}],"total":1}}},"custom_metrics":{"batteryPct":[{"number":75.1}]}}"#]].assert_eq(&json(7, 0));
    expect![[r#"{"header":{"report_id":1718000310000,"version":"1.0"},"metrics":{"listening_tcp_ports":{"ports":[{"interface":"eth0","port":443}],"total":1},"listening_udp_ports":{"ports":[{"interface":"eth0","port":68}],"total":1},"network_stats":{"bytes_in":1340,"bytes_out":4471,"packets_in":14,"packets_out":21},"tcp_connections":{"established_connections":{"connections":[{"local_interface":"eth0","local_port":49152,"remote_addr":"10.20.1.10:8883"}],"total":1}}},"custom_metrics":{"batteryPct":[{"number":77.6}]}}"#]].assert_eq(&json(7, 1));
    assert_eq!(json(7, 1), json(7, 1));
    assert_ne!(json(7, 1), json(8, 1));
}

#[test]
fn every_kind_reports_what_the_service_takes_whatever_the_encoding() {
    for (index, name) in (0..).zip(kinds::names(140)) {
        let device = Device::new(&name, index, 1, DAY).unwrap();
        let report = device.report(&moment(2));
        let decoded = decode(device.format(), &device.encode(&report)).unwrap();
        assert_eq!(decoded, report, "{name}");
        assert!(decoded.not_retained.is_empty());
    }
}

#[test]
fn a_healthy_fleet_keeps_to_what_a_site_expects() {
    for (index, name) in (0..).zip(kinds::names(60)) {
        let device = Device::new(&name, index, 1, DAY).unwrap();
        for number in 1..50 {
            let metrics = device.report(&moment(number)).metrics.unwrap();
            let bytes = metrics.network_stats.unwrap().bytes_out.unwrap();
            // 5 MB in five minutes.
            assert!(bytes < 5_000_000 / 30, "{name} sends {bytes} in ten seconds");
            for connection in metrics.established_connections.unwrap().connections.unwrap() {
                let std::net::IpAddr::V4(ip) = connection.remote.ip else { panic!("IPv6") };
                assert!(ip.is_private(), "{name} talks to {ip}");
            }
        }
    }
}

#[test]
fn the_ftp_backdoor_is_one_more_listening_port() {
    let (before, after) = altered("ftp-backdoor");
    let ports = |report: &Report| {
        let listening = report.metrics.clone().unwrap().listening_tcp_ports.unwrap();
        let ports: Vec<_> = listening.ports.unwrap().iter().map(|port| port.port).collect();
        (ports, listening.total.unwrap())
    };
    assert_eq!(ports(&before), (vec![443], 1));
    assert_eq!(ports(&after), (vec![21, 443], 2));
}

#[test]
fn exfiltration_is_much_traffic_to_a_strange_address() {
    let (before, after) = altered("exfiltration");
    let (before, after) = (before.metrics.unwrap(), after.metrics.unwrap());
    let sent = |metrics: &picket_wire_report::DeviceMetrics| {
        metrics.network_stats.unwrap().bytes_out.unwrap()
    };
    assert!(sent(&after) > sent(&before) + 10_000_000);
    let connections = after.established_connections.unwrap();
    let last = connections.connections.as_ref().unwrap().last().unwrap();
    assert_eq!(last.remote.to_string(), "198.51.100.77:4444");
    assert_eq!(connections.total, before.established_connections.unwrap().total.map(|it| it + 1));
}

#[test]
fn brute_force_and_none_leave_reports_alone() {
    for scenario in ["none", "brute-force"] {
        let (before, after) = altered(scenario);
        assert_eq!(before, after);
    }
    assert!(find("brute-force").unwrap().has_intruder());
}

#[test]
fn an_unknown_scenario_names_the_nearest() {
    assert_eq!(
        find("ftp-back-door").unwrap_err().to_string(),
        "there is no scenario `ftp-back-door`; did you mean `ftp-backdoor`?"
    );
    assert_eq!(
        find("x").unwrap_err().to_string(),
        "there is no scenario `x`; there are none, ftp-backdoor, exfiltration, brute-force"
    );
}
