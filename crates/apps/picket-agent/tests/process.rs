//! The program as a process against a real endpoint.

#![expect(clippy::unwrap_used, reason = "this is a test")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use picket_device_client::testsuite::{Behaviour, TestEndpoint, report_topic};
use picket_wire_report::decode;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

fn agent(endpoint: &TestEndpoint, directory: &Path, arguments: &[&str]) -> Command {
    endpoint.identity_files(directory, "pump-17");
    let server = endpoint.endpoint().to_string();
    let config = format!(
        "endpoint = '{server}'\nthing_name = 'pump-17'\ninterval_seconds = 1\n\
         [[custom_metric]]\nname = 'batteryPct'\ntype = 'number'\ncommand = ['echo', '71.5']\n"
    );
    std::fs::write(directory.join("agent.toml"), config).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_picket-agent"));
    command.current_dir(directory).args(arguments).args(["--config", "agent.toml"]);
    command
}

fn run(endpoint: &TestEndpoint, arguments: &[&str]) -> Output {
    let directory = tempfile::tempdir().unwrap();
    agent(endpoint, directory.path(), arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn once_reports_and_says_so() {
    let endpoint = TestEndpoint::start(Behaviour::default());
    for arguments in [&["once", "--sample", "0"][..], &["--once", "--sample", "0"]] {
        let output = run(&endpoint, arguments);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        assert!(text(&output.stdout).ends_with(" of pump-17 accepted\n"));
    }
    let received = &endpoint.record().received()[0];
    let (thing, format) = report_topic(&received.topic).unwrap();
    assert_eq!(thing, "pump-17");
    let report = decode(format, &received.payload).unwrap();
    assert_eq!(report.custom_metrics.unwrap().len(), 1);
}

#[test]
fn a_dry_run_prints_the_report_and_sends_nothing() {
    let endpoint = TestEndpoint::start(Behaviour::default());
    let output = run(&endpoint, &["once", "--dry-run", "--sample", "0", "--names", "short"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["hed"]["v"], "1.0");
    assert_eq!(endpoint.record().connects().len(), 0);
}

#[test]
fn a_check_ends_with_the_exit_code_of_its_steps() {
    let endpoint = TestEndpoint::start(Behaviour::default());
    let output = run(&endpoint, &["check", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    let steps = output.stdout.lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap());
    assert!(steps.collect::<Vec<Value>>().iter().all(|step| step["status"] == "ok"));

    let output = run(&endpoint, &["check", "--key", "nowhere.key"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("what to do: "), "{}", text(&output.stdout));
}

#[test]
fn wrong_settings_are_a_usage_error_with_the_nearest_key() {
    let endpoint = TestEndpoint::start(Behaviour::default());
    let directory = tempfile::tempdir().unwrap();
    let mut command = agent(&endpoint, directory.path(), &["run"]);
    std::fs::write(directory.path().join("agent.toml"), "endpiont = 'x'").unwrap();
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("endpiont: is not a key; did you mean `endpoint`?"));
}

#[test]
fn a_run_reports_until_it_is_terminated_and_then_says_goodbye() {
    let endpoint = TestEndpoint::start(Behaviour::default());
    let directory = tempfile::tempdir().unwrap();
    let mut child = agent(&endpoint, directory.path(), &["run", "--json", "--verbose"])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let record = endpoint.record();
    record.wait_until("two reports", |record| record.received().len() >= 2);
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    assert!(child.wait().unwrap().success());
    record.wait_until("goodbye", |record| record.goodbyes() == 1);
    let log = BufReader::new(child.stderr.take().unwrap());
    let messages: Vec<_> = log
        .lines()
        .map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap()["message"].clone())
        .collect();
    for expected in ["agent started", "connected", "report accepted", "agent stopped"] {
        assert!(messages.iter().any(|message| message == expected), "{messages:?}");
    }
}
