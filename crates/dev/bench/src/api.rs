//! The control plane beside moto: CreateThing and DescribeThing by boto3.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

use crate::process::{Process, free_port, wait_for};
use crate::server::{AwsAccess, Server};
use crate::table::{Table, us};

/// boto3 is slower than any server; a few processes keep one busy.
const PROCESSES: usize = 3;
const SCRIPT: &str = include_str!("api_calls.py");

/// What one operation needed.
#[derive(Debug, Clone)]
struct Figures {
    call: String,
    calls_per_second: f64,
    cpu_per_call: f64,
}

/// A line of the script.
#[derive(Debug, Deserialize)]
struct Line {
    call: String,
    calls: u64,
    seconds: f64,
}

/// Calls both with the Python of `python` (a folder with `python` and `moto_server`).
pub(crate) fn run(picket: &Path, python: &Path, calls: usize) -> Result<()> {
    let mut server = Server::start(picket)?;
    let bench = Bench { python, calls };
    let access = server.aws.clone();
    let ours = bench.of(&mut server.process, &access)?;
    let (mut moto, access) = bench.start_moto()?;
    let theirs = bench.of(&mut moto, &access)?;
    let title = format!(
        "Control plane: {calls} calls by boto3, {PROCESSES} processes, the same thing registered \
         durably here and in memory there (Picket, moto, ratio)"
    );
    let mut table = Table::new(title);
    for (ours, theirs) in ours.iter().zip(&theirs) {
        let row = |a: String, b: String, ratio: f64| format!("{a:>12} {b:>12} {ratio:>7.2}");
        let (a, b) = (ours.calls_per_second, theirs.calls_per_second);
        let name = &ours.call;
        table.row(format!("{name}, calls per second"), row(whole(a), whole(b), a / b));
        let (a, b) = (ours.cpu_per_call, theirs.cpu_per_call);
        table.row(format!("{name}, CPU per call"), row(us(a), us(b), a / b));
    }
    table.print()?;
    Ok(())
}

fn whole(value: f64) -> String {
    format!("{value:.0}")
}

struct Bench<'a> {
    python: &'a Path,
    calls: usize,
}

impl Bench<'_> {
    fn program(&self, name: &str) -> PathBuf {
        self.python.join(name)
    }

    fn of(&self, process: &mut Process, access: &AwsAccess) -> Result<Vec<Figures>> {
        let mut script = self.start_script(access)?;
        let mut answers = BufReader::new(script.stdout.take().context("no output")?).lines();
        let mut go_on = script.stdin.take().context("no input")?;
        let (mut figures, mut cpu) = (Vec::new(), process.cpu()?);
        while let Some(line) = answers.next().transpose()? {
            let now = process.cpu()?;
            let Line { call, calls, seconds } = serde_json::from_str(&line)?;
            ensure!(calls > 0, "no call of {call} was answered");
            figures.push(Figures {
                call,
                calls_per_second: calls as f64 / seconds,
                cpu_per_call: (now - cpu).as_secs_f64() / calls as f64,
            });
            cpu = now;
            writeln!(go_on)?;
        }
        let ended = script.wait()?;
        ensure!(ended.success() && !figures.is_empty(), "the calls failed: {ended}");
        process.check()?;
        Ok(figures)
    }

    fn start_script(&self, access: &AwsAccess) -> Result<Child> {
        Command::new(self.program("python"))
            .args(["-c", SCRIPT, &access.endpoint_url, &access.region])
            .args([PROCESSES.to_string(), self.calls.to_string()])
            .env("AWS_ACCESS_KEY_ID", &access.access_key_id)
            .env("AWS_SECRET_ACCESS_KEY", &access.secret_access_key)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("Python could not be started; `cargo xtask bench` makes its environment")
    }

    fn start_moto(&self) -> Result<(Process, AwsAccess)> {
        let port = free_port()?;
        let child = Command::new(self.program("python"))
            .args(["-m", "moto.server", "-H", "127.0.0.1", "-p", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("moto could not be started")?;
        let mut process = Process::new(child);
        wait_for("moto", Duration::from_secs(60), || {
            process.check()?;
            Ok(TcpStream::connect(("127.0.0.1", port)).ok())
        })?;
        let access = AwsAccess {
            endpoint_url: format!("http://127.0.0.1:{port}"),
            region: "us-east-1".to_owned(),
            access_key_id: "test".to_owned(),
            secret_access_key: "test".to_owned(),
        };
        Ok((process, access))
    }
}
