//! The fleet against a real endpoint.

use picket_core::SystemClock;
use picket_device_client::testsuite::{
    Behaviour, Received, Record, TestEndpoint, answer_report, report_topic,
};
use picket_wire_report::{RejectCode, Report, decode};

use super::*;
use crate::{names, scenarios};

fn quick(scenario: &str) -> SimulationConfig {
    SimulationConfig {
        scenario: scenarios::find(scenario).unwrap(),
        onset: Duration::ZERO,
        interval: Duration::from_millis(100),
        data_interval: Some(Duration::from_millis(100)),
        ramp_up: Duration::from_millis(100),
        ..SimulationConfig::default()
    }
}

fn fleet(endpoint: &TestEndpoint, count: usize, config: SimulationConfig) -> Simulation {
    let identities =
        names(count).into_iter().map(|name| (name.clone(), endpoint.identity(&name))).collect();
    Simulation::new(config, endpoint.endpoint(), identities, Arc::new(SystemClock)).unwrap()
}

/// Runs `simulation` until `condition` holds.
async fn run_until(
    simulation: Simulation,
    endpoint: &TestEndpoint,
    what: &str,
    condition: impl Fn(&Record, &Statistics) -> bool,
) {
    let tasks = Tasks::new();
    let statistics = simulation.statistics();
    simulation.start(&tasks);
    let until = async {
        while !condition(endpoint.record(), &statistics) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let in_time = tokio::time::timeout(Duration::from_secs(20), until).await.is_ok();
    assert!(in_time, "not in time: {what}; {:?}", statistics.snapshot());
    assert!(tasks.shut_down(GRACE).await);
}

fn reports_of(record: &Record, name: &str) -> Vec<Report> {
    let of_name = |received: &Received| {
        let (thing, format) = report_topic(&received.topic)?;
        (thing == name).then(|| decode(format, &received.payload).unwrap())
    };
    record.received().iter().filter_map(of_name).collect()
}

#[tokio::test]
async fn every_device_reports_and_sends_data_and_all_disconnect_at_the_end() {
    let endpoint = TestEndpoint::start(Behaviour::default());
    let simulation = fleet(&endpoint, 20, quick("none"));
    let statistics = simulation.statistics();
    run_until(simulation, &endpoint, "two reports of each", |record, _| {
        names(20).iter().all(|name| {
            let data = format!("things/{name}/");
            reports_of(record, name).len() >= 2
                && record.received().iter().any(|it| it.topic.starts_with(&data))
        })
    })
    .await;
    let record = endpoint.record();
    record.wait_until("goodbyes", |record| record.goodbyes() == 20);
    let formats: std::collections::BTreeSet<bool> =
        record.received().iter().map(|it| it.topic.ends_with("/cbor")).collect();
    assert_eq!(formats.len(), 2, "some in JSON, some in CBOR");
    let snapshot = statistics.snapshot();
    assert_eq!((snapshot.devices, snapshot.connects, snapshot.connected), (20, 20, 0));
    assert_eq!(snapshot.last_problem, None);
    assert!(snapshot.reports_accepted > 0 && snapshot.data_sent > 0, "{snapshot:?}");
}

#[tokio::test]
async fn the_back_door_opens_on_the_victim_and_nowhere_else() {
    let endpoint = TestEndpoint::start(Behaviour::default());
    let config =
        SimulationConfig { victim: Some("monitor-001".to_owned()), ..quick("ftp-backdoor") };
    let has_ftp = |report: &Report| {
        let listening = report.metrics.clone().unwrap().listening_tcp_ports.unwrap();
        listening.ports.unwrap().iter().any(|port| port.port == 21)
    };
    let simulation = fleet(&endpoint, 6, config);
    assert_eq!(simulation.victim(), "monitor-001");
    run_until(simulation, &endpoint, "port 21", |record, _| {
        names(6).iter().all(|name| reports_of(record, name).len() >= 2)
    })
    .await;
    for name in names(6) {
        let expected = name == "monitor-001";
        let reports = reports_of(endpoint.record(), &name);
        assert!(reports.iter().all(|report| has_ftp(report) == expected), "{name}");
    }
}

#[tokio::test]
async fn nothing_is_wrong_before_the_onset() {
    let endpoint = TestEndpoint::start(Behaviour::default());
    let config = SimulationConfig { onset: Duration::from_secs(3600), ..quick("ftp-backdoor") };
    run_until(fleet(&endpoint, 2, config), &endpoint, "reports", |record, _| {
        names(2).iter().all(|name| reports_of(record, name).len() >= 2)
    })
    .await;
    let ports = |report: &Report| report.metrics.clone().unwrap().listening_tcp_ports.unwrap();
    for name in names(2) {
        let reports = reports_of(endpoint.record(), &name);
        assert!(reports.iter().all(|it| ports(it).ports.unwrap().iter().all(|it| it.port != 21)));
    }
}

#[tokio::test]
async fn the_intruder_is_refused_under_the_devices_name_and_under_others() {
    let own_only = |id: &str| (!id.contains("-0")).then_some(0x87);
    let own_topics = |topic: &str| {
        let own = topic.contains("/defender/") || topic.ends_with("/infusion");
        (!own).then_some(0x87)
    };
    let endpoint = TestEndpoint::start(Behaviour {
        refuse_connect: Arc::new(own_only),
        refuse_publish: Arc::new(own_topics),
        ..Behaviour::default()
    });
    let simulation = fleet(&endpoint, 1, quick("brute-force"));
    run_until(simulation, &endpoint, "refusals of both kinds", |record, statistics| {
        let snapshot = statistics.snapshot();
        let refused = !record.refused_connects().is_empty();
        refused && record.refused_publishes().len() >= 8 && snapshot.intruder_denied >= 9
    })
    .await;
    let connects = endpoint.record().connects();
    assert!(connects.iter().filter(|id| *id == "pump-001").count() >= 3, "{connects:?}");
}

#[tokio::test]
async fn devices_come_back_after_their_connections_are_cut() {
    let endpoint = TestEndpoint::start(Behaviour::default());
    let simulation = fleet(&endpoint, 5, quick("none"));
    let cut = std::sync::atomic::AtomicBool::new(false);
    run_until(simulation, &endpoint, "all are back", |_, statistics| {
        let snapshot = statistics.snapshot();
        if snapshot.connected == 5 && !cut.swap(true, Ordering::Relaxed) {
            endpoint.cut();
        }
        snapshot.reconnects >= 5 && snapshot.connected == 5
    })
    .await;
}

#[tokio::test]
async fn rejections_are_counted_with_their_reason() {
    let reply = |received: &Received| {
        answer_report(received, |_| Some((RejectCode::Throttled, "too soon".to_owned())))
    };
    let behaviour = Behaviour { reply: Arc::new(reply), ..Behaviour::default() };
    let endpoint = TestEndpoint::start(behaviour);
    run_until(fleet(&endpoint, 2, quick("none")), &endpoint, "rejections", |_, statistics| {
        let snapshot = statistics.snapshot();
        let problem = snapshot.last_problem.unwrap_or_default();
        snapshot.reports_rejected >= 2 && problem == "report rejected: Throttled: too soon"
    })
    .await;
}

#[test]
fn a_fleet_that_cannot_be_is_refused_with_its_reason() {
    let transport = |name: &str| (name.to_owned(), Transport::Plain);
    let refuse = |config, devices| {
        let endpoint = Endpoint::new("127.0.0.1", 1);
        let clock = Arc::new(SystemClock);
        Simulation::with_transports(config, endpoint, devices, clock).unwrap_err().to_string()
    };
    let config = SimulationConfig::default();
    assert_eq!(refuse(config.clone(), Vec::new()), "a simulation needs at least one device");
    assert_eq!(
        refuse(config.clone(), vec![transport("toaster-1")]),
        "`toaster-1` is of no known kind of device; names begin with pump, monitor, gateway, camera, plc, meter"
    );
    let other = SimulationConfig { victim: Some("pump-9".to_owned()), ..config.clone() };
    assert_eq!(refuse(other, vec![transport("pump-1")]), "`pump-9` is not a device of this fleet");
    let never = SimulationConfig { interval: Duration::ZERO, ..config };
    assert_eq!(
        refuse(never, vec![transport("pump-1")]),
        "the report interval must be more than zero"
    );
}
