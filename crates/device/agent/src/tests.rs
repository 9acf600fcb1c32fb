//! The agent against a real endpoint.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use expect_test::{Expect, expect};
use picket_core::{Clock, ManualClock, SystemClock, Timestamp};
use picket_device_client::testsuite::{
    Behaviour, Received, TestEndpoint, accept_report, answer_report,
};
use picket_device_client::{Endpoint, IdentityPaths, MqttVersion};
use picket_wire_report::{Format, Names, RejectCode, Report, decode};

use crate::agent::{Agent, AgentError};
use crate::check::{Step, StepOutcome, check, has_passed};
use crate::collectors::fake;
use crate::config::AgentConfig;

struct Bench {
    endpoint: TestEndpoint,
    machine: fake::Machine,
    config: AgentConfig,
}

fn bench(behaviour: Behaviour) -> Bench {
    let endpoint = TestEndpoint::start(behaviour);
    let machine = fake::machine();
    let mut config = machine.config();
    endpoint.identity_files(&machine.path("."), "pump-17");
    config.endpoint = endpoint.endpoint();
    config.interval = Duration::from_millis(50);
    Bench { endpoint, machine, config }
}

fn reports(endpoint: &TestEndpoint) -> Vec<Report> {
    let decode_one = |received: &Received| {
        let format = if received.topic.ends_with("json") { Format::Json } else { Format::Cbor };
        decode(format, &received.payload).unwrap()
    };
    endpoint.record().received().iter().map(decode_one).collect()
}

/// Runs the agent beside `act` and stops it afterwards.
fn while_running(config: &AgentConfig, act: impl FnOnce()) {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let agent = scope.spawn(|| Agent::new(config, &SystemClock, &stop).run());
        act();
        stop.store(true, Ordering::Relaxed);
        agent.join().unwrap().unwrap();
    });
}

#[test]
fn reports_come_on_schedule_with_rising_ids_and_traffic_from_the_second_on() {
    let bench = bench(Behaviour::default());
    while_running(&bench.config, || {
        let record = bench.endpoint.record();
        record.wait_until("three reports", |record| record.received().len() >= 3);
        bench.machine.traffic(5000);
        record.wait_until("the traffic", |_| {
            let total: u64 = reports(&bench.endpoint).iter().map(bytes_in).sum();
            total == 5000
        });
    });
    let reports = reports(&bench.endpoint);
    assert!(reports.is_sorted_by(|a, b| a.report_id < b.report_id));
    assert_eq!(reports[0].metrics.as_ref().unwrap().network_stats, None);
    assert!(reports[1].metrics.as_ref().unwrap().network_stats.is_some());
    bench.endpoint.record().wait_until("goodbye", |record| record.goodbyes() == 1);
}

fn bytes_in(report: &Report) -> u64 {
    let stats = report.metrics.as_ref().and_then(|it| it.network_stats);
    stats.and_then(|it| it.bytes_in).unwrap_or(0)
}

#[test]
fn cbor_short_names_and_version_3_1_1_work() {
    let mut bench = bench(Behaviour::default());
    bench.config.format = Format::Cbor;
    bench.config.names = Names::Short;
    bench.config.mqtt_version = MqttVersion::V3_1_1;
    let stop = AtomicBool::new(false);
    let agent = Agent::new(&bench.config, &SystemClock, &stop);
    let answer = agent.once(Duration::ZERO).unwrap();
    let report = &reports(&bench.endpoint)[0];
    assert_eq!(answer.report_id, Some(report.report_id));
    assert_eq!(
        report.metrics.as_ref().unwrap().listening_tcp_ports.as_ref().unwrap().total,
        Some(3)
    );
    assert!(report.metrics.as_ref().unwrap().network_stats.is_some());
}

#[test]
fn a_broken_connection_is_made_again() {
    let bench = bench(Behaviour::default());
    while_running(&bench.config, || {
        let record = bench.endpoint.record();
        record.wait_until("a report", |record| !record.received().is_empty());
        bench.endpoint.cut();
        record.wait_until("a second connection", |record| record.connects().len() == 2);
        let before = record.received().len();
        record.wait_until("reports go on", |record| record.received().len() > before);
    });
}

fn rejecting() -> Behaviour {
    let reply = |received: &Received| {
        answer_report(received, |_| Some((RejectCode::Throttled, "too soon".to_owned())))
    };
    Behaviour { reply: Arc::new(reply), ..Behaviour::default() }
}

#[test]
fn a_rejection_is_told_with_its_reason_and_its_traffic_made_good_for() {
    let bench = bench(rejecting());
    let stop = AtomicBool::new(false);
    let error = Agent::new(&bench.config, &SystemClock, &stop).once(Duration::ZERO).unwrap_err();
    assert_eq!(error.to_string(), "the service rejected the report: Throttled: too soon");

    bench.machine.traffic(0);
    let first = bench.endpoint.record().received().len();
    while_running(&bench.config, || {
        let record = bench.endpoint.record();
        record.wait_until("two reports", |record| record.received().len() >= first + 2);
        bench.machine.traffic(700);
        record.wait_until("the traffic, twice", |_| {
            reports(&bench.endpoint).iter().filter(|report| bytes_in(report) == 700).count() >= 2
        });
    });
}

#[test]
fn files_that_cannot_be_used_end_the_agent_at_once() {
    let bench = bench(Behaviour::default());
    std::fs::remove_file(&bench.config.identity.key).unwrap();
    let stop = AtomicBool::new(false);
    let error = Agent::new(&bench.config, &SystemClock, &stop).run().unwrap_err();
    assert!(matches!(error, AgentError::Identity(_)), "{error}");
}

fn show(config: &AgentConfig, steps: &[Step]) -> String {
    let port = config.endpoint.port.to_string();
    let directory = config.identity.ca.parent().unwrap().display().to_string();
    let lines = steps.iter().map(|step| {
        let line = match &step.outcome {
            StepOutcome::Passed(text) => format!("ok {}: {text}", step.name),
            StepOutcome::Noted(text) => format!("note {}: {text}", step.name),
            StepOutcome::Failed { problem, advice } => {
                format!("failed {}: {problem} -> {advice}", step.name)
            }
            StepOutcome::Skipped => format!("skipped {}", step.name),
        };
        line.replace(&port, "PORT").replace(&directory, "DIR")
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn check_steps(config: &AgentConfig, clock: &dyn Clock, expected: Expect) {
    let steps = check(config, clock);
    expected.assert_eq(&show(config, &steps));
    assert!(!has_passed(&steps));
}

#[test]
fn a_check_that_passes_ends_with_an_accepted_report() {
    let bench = bench(Behaviour::default());
    let steps = check(&bench.config, &SystemClock);
    assert!(has_passed(&steps), "{}", show(&bench.config, &steps));
    assert_eq!(
        steps.last().unwrap().outcome,
        StepOutcome::Passed("the service accepted the report".to_owned())
    );
}

#[test]
fn a_check_that_is_throttled_passes_with_a_note() {
    let bench = bench(rejecting());
    assert!(has_passed(&check(&bench.config, &SystemClock)));
}

#[test]
fn a_missing_file_is_the_first_step_that_fails() {
    let bench = bench(Behaviour::default());
    std::fs::remove_file(&bench.config.identity.ca).unwrap();
    check_steps(
        &bench.config,
        &SystemClock,
        expect![[r#"
        failed files: the CA file `DIR/ca.pem` cannot be read: No such file or directory (os error 2) -> give the directory with ca.pem, certificate.pem.crt and private.pem.key by --identity; `picket thing create` writes them
        skipped validity
        skipped measurements
        skipped network
        skipped TLS
        skipped MQTT connection
        skipped report"#]],
    );
}

#[test]
fn an_expired_certificate_is_told_before_the_server_refuses_it() {
    let bench = bench(Behaviour::default());
    bench.endpoint.expired_files(&bench.machine.path("."), "pump-17");
    let clock = ManualClock::at(Timestamp::from_millis(1_718_000_300_000));
    check_steps(
        &bench.config,
        &clock,
        expect![[r#"
        ok files: certificate, key and CA can be read, and the key belongs to the certificate
        failed validity: the certificate expired at 2021-01-01T00:00:00.000Z; this device's clock says 2024-06-10T06:18:20.000Z -> issue a new certificate, unless the device's clock is wrong
        skipped measurements
        skipped network
        skipped TLS
        skipped MQTT connection
        skipped report"#]],
    );
}

#[test]
fn a_server_that_is_not_there_and_one_that_is_another_are_told_apart() {
    let mut bench = bench(Behaviour::default());
    let other = TestEndpoint::start(Behaviour::default());
    let paths: IdentityPaths = other.identity_files(&bench.machine.path("."), "pump-17");
    bench.config.identity = paths;
    let error = check(&bench.config, &SystemClock)[4].outcome.clone();
    let StepOutcome::Failed { problem, .. } = error else { panic!("{error:?}") };
    assert!(problem.contains("is not trusted"), "{problem}");

    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    bench.config.endpoint = Endpoint::new("127.0.0.1", free);
    let outcome = check(&bench.config, &SystemClock)[3].outcome.clone();
    assert!(matches!(outcome, StepOutcome::Failed { .. }), "{outcome:?}");
}

#[test]
fn a_policy_that_does_not_allow_is_named_by_the_right_it_lacks() {
    let denied = |it: &str| (it == "pump-17").then_some(0x87);
    let bench = bench(Behaviour { refuse_connect: Arc::new(denied), ..Behaviour::default() });
    check_steps(
        &bench.config,
        &SystemClock,
        expect![[r#"
        ok files: certificate, key and CA can be read, and the key belongs to the certificate
        ok validity: the certificate is valid until 4096-01-01T00:00:00.000Z
        ok measurements: all could be measured; the report has 584 bytes
        ok network: localhost:PORT takes TCP connections
        ok TLS: the server is who it says, and speaks TLS
        failed MQTT connection: localhost:PORT refused the connection as client `pump-17`: not authorized (reason code 0x87) -> attach a policy that allows iot:Connect for this client id to the certificate
        skipped report"#]],
    );

    let denied = |it: &str| it.starts_with("$aws").then_some(0x87);
    let behaviour = Behaviour { refuse_publish: Arc::new(denied), ..Behaviour::default() };
    bench.endpoint.record().behave(behaviour);
    check_steps(
        &bench.config,
        &SystemClock,
        expect![[r#"
        ok files: certificate, key and CA can be read, and the key belongs to the certificate
        ok validity: the certificate is valid until 4096-01-01T00:00:00.000Z
        ok measurements: all could be measured; the report has 584 bytes
        ok network: localhost:PORT takes TCP connections
        ok TLS: the server is who it says, and speaks TLS
        ok MQTT connection: connected as client `pump-17`, and may hear the answers to its reports
        failed report: the publish on `$aws/things/pump-17/defender/metrics/json` was refused: not authorized (reason code 0x87): refused by the test -> allow iot:Publish on the thing's defender metrics topic"#]],
    );

    let behaviour = Behaviour {
        refuse_subscribe: Arc::new(denied),
        reply: Arc::new(accept_report),
        ..Behaviour::default()
    };
    bench.endpoint.record().behave(behaviour);
    let outcome = check(&bench.config, &SystemClock)[5].outcome.clone();
    let StepOutcome::Failed { advice, .. } = outcome else { panic!("{outcome:?}") };
    assert!(advice.contains("iot:Subscribe"), "{advice}");
}
