use std::time::{Duration, Instant};

use expect_test::expect;
use picket_core::{ManualClock, SystemClock, Timestamp};
use picket_wire_report::Names;

use super::fake;
use crate::collectors::ALL;
use crate::config::AgentConfig;
use crate::procfs::Procfs;
use crate::reporter::Reporter;

#[test]
fn every_file_of_the_folder_is_in_the_list() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/collectors");
    let parts = ["mod.rs", "ports.rs", "tests.rs", "fake.rs"];
    let files = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !parts.contains(&name.as_str()));
    assert_eq!(files.count(), ALL.len());
    assert!(ALL.iter().all(|collector| collector.doc().ends_with('.')));
}

fn report(config: &AgentConfig) -> String {
    let machine_time = ManualClock::at(Timestamp::from_millis(1_718_000_300_000));
    let mut reporter = Reporter::new(config, &machine_time);
    reporter.measure();
    reporter.sent();
    let measurement = reporter.measure();
    assert_eq!(measurement.failures, Vec::<String>::new());
    String::from_utf8(reporter.encode(&measurement.report)).unwrap()
}

#[test]
fn a_machine_is_reported_as_other_agents_report_it() {
    let machine = fake::machine();
    let mut config = machine.config();
    expect![[r#"{"header":{"report_id":1718000301,"version":"1.0"},"metrics":{"listening_tcp_ports":{"ports":[{"interface":"::","port":21},{"interface":"0.0.0.0","port":22},{"interface":"lo","port":5432}],"total":3},"listening_udp_ports":{"ports":[{"interface":"eth0","port":68}],"total":1},"network_stats":{"bytes_in":0,"bytes_out":0,"packets_in":0,"packets_out":0},"tcp_connections":{"established_connections":{"connections":[{"local_interface":"eth0","local_port":52208,"remote_addr":"203.0.113.9:8883"},{"local_interface":"eth0","local_port":443,"remote_addr":"198.51.100.9:49153"}],"total":2}}}}"#]]
    .assert_eq(&report(&config));
    config.names = Names::Short;
    config.list_entries_max = 1;
    expect![[r#"{"hed":{"rid":1718000301,"v":"1.0"},"met":{"tp":{"pts":[{"if":"::","pt":21}],"t":3},"up":{"pts":[{"if":"eth0","pt":68}],"t":1},"ns":{"bi":0,"bo":0,"pi":0,"po":0},"tc":{"ec":{"cs":[{"li":"eth0","lp":52208,"rad":"203.0.113.9:8883"}],"t":2}}}}"#]]
    .assert_eq(&report(&config));
}

#[test]
fn a_port_that_is_opened_on_this_host_is_seen() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let caller = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let udp = std::net::UdpSocket::bind("0.0.0.0:0").unwrap();
    let mut config = fake::machine().config();
    config.procfs = Procfs::default();
    config.list_entries_max = 1000;
    let measurement = Reporter::new(&config, &SystemClock).measure();
    let metrics = measurement.report.metrics.unwrap();

    let tcp = metrics.listening_tcp_ports.unwrap().ports.unwrap();
    let found = tcp.iter().find(|it| it.port == port).expect("the open port");
    assert_eq!(found.interface.as_deref(), Some("lo"));
    let udp_port = udp.local_addr().unwrap().port();
    let ports = metrics.listening_udp_ports.unwrap().ports.unwrap();
    let found = ports.iter().find(|it| it.port == udp_port).expect("the UDP port");
    assert_eq!(found.interface.as_deref(), Some("0.0.0.0"));
    let connections = metrics.established_connections.unwrap().connections.unwrap();
    let own = caller.local_addr().unwrap().port();
    let found = connections.iter().find(|it| it.local_port == Some(own)).expect("the call");
    assert_eq!(found.remote.port, Some(port));

    drop(listener);
    let deadline = Instant::now() + Duration::from_secs(5);
    let is_open = || {
        let metrics = Reporter::new(&config, &SystemClock).measure().report.metrics.unwrap();
        let ports = metrics.listening_tcp_ports.unwrap().ports.unwrap();
        ports.iter().any(|it| it.port == port)
    };
    // A command that another test is starting may hold the socket for a moment longer.
    while is_open() {
        assert!(Instant::now() < deadline, "the port is still reported");
    }
}
