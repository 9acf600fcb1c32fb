//! The front door beside mosquitto: mutual TLS, QoS 1, 1.5 KiB.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use picket_device_client::Endpoint;
use picket_simulate::load::{Load, LoadConfig, LoadReport, Pace};
use tokio::runtime::Runtime;

use crate::connections::Connections;
use crate::devices::{self, Device};
use crate::mosquitto::Mosquitto;
use crate::process::Process;
use crate::server::Server;
use crate::table::{Table, us};

const PAYLOAD_BYTES: usize = 1536;
/// Statements that are looked at besides those of the device policy.
const STATEMENTS: usize = 10;

/// What one server needed.
struct Figures {
    cpu_per_message: f64,
    messages_per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
    idle: Idle,
}

/// What connections cost that do nothing but connect.
struct Idle {
    cpu_per_connect: f64,
    connects_per_second: f64,
    cpu_per_resumption: f64,
    kib_per_connection: f64,
}

/// Runs both, one after the other, and prints them side by side.
pub(crate) fn run(picket: &Path, publishers: usize, idle: usize, seconds: Duration) -> Result<()> {
    let mut server = Server::start(picket)?;
    let devices = devices::enroll(&server, publishers.max(idle))?;
    devices::add_statements(&server, STATEMENTS)?;
    let runtime = Runtime::new()?;
    let load = Measure { runtime: &runtime, devices: &devices, publishers, idle, seconds };
    let ours = load.of(&mut server.process, server.mqtt_port)?;
    let mut peer = Mosquitto::start(&server)?;
    let theirs = load.of(&mut peer.process, peer.port)?;
    let title = format!(
        "Gateway: mutual TLS, QoS 1, {PAYLOAD_BYTES} bytes, {publishers} publishers, {idle} idle, \
         device policy and {STATEMENTS} more statements (Picket, mosquitto, ratio)"
    );
    let mut table = Table::new(title);
    let mut row = |figure: &str, of: fn(&Figures) -> f64, show: fn(f64) -> String| {
        let (a, b) = (of(&ours), of(&theirs));
        table.row(figure, format!("{:>12} {:>12} {:>7.2}", show(a), show(b), a / b));
    };
    let plain = |value: f64| format!("{value:.1}");
    row("CPU per message", |f| f.cpu_per_message, us);
    row("messages per second", |f| f.messages_per_second, plain);
    row("PUBACK p50, ms", |f| f.p50_ms, |v| format!("{v:.2}"));
    row("PUBACK p99, ms", |f| f.p99_ms, |v| format!("{v:.2}"));
    row("CPU per mTLS connect", |f| f.idle.cpu_per_connect, us);
    row("mTLS connects per second", |f| f.idle.connects_per_second, plain);
    row("CPU per connect, again", |f| f.idle.cpu_per_resumption, us);
    row("KiB per idle connection", |f| f.idle.kib_per_connection, plain);
    table.print()?;
    Ok(())
}

struct Measure<'a> {
    runtime: &'a Runtime,
    devices: &'a [Device],
    publishers: usize,
    idle: usize,
    seconds: Duration,
}

impl Measure<'_> {
    fn of(&self, process: &mut Process, port: u16) -> Result<Figures> {
        let endpoint = Endpoint::new("localhost", port);
        let idle = self.idle(process, &endpoint)?;
        let (load, cpu) = self.publish(process, &endpoint)?;
        ensure!(
            load.lost == 0 && load.refused == 0,
            "{} publishes were lost and {} refused: {:?}",
            load.lost,
            load.refused,
            load.first_error
        );
        Ok(Figures {
            cpu_per_message: cpu.as_secs_f64() / load.acknowledged.max(1) as f64,
            messages_per_second: load.acknowledged_per_second,
            p50_ms: load.latency.p50_ms,
            p99_ms: load.latency.p99_ms,
            idle,
        })
    }

    /// Connects all that are to be idle, twice: the second time each may take its TLS session up again.
    fn idle(&self, process: &mut Process, endpoint: &Endpoint) -> Result<Idle> {
        let rss = process.rss_kib()?;
        let (first, cpu, seconds) = self.connect_all(process, endpoint)?;
        let count = self.devices.len().min(self.idle) as f64;
        let grown = process.rss_kib()?.saturating_sub(rss) as f64;
        self.leave(first);
        let (again, cpu_again, _) = self.connect_all(process, endpoint)?;
        self.leave(again);
        Ok(Idle {
            cpu_per_connect: cpu / count,
            connects_per_second: count / seconds,
            cpu_per_resumption: cpu_again / count,
            kib_per_connection: grown / count,
        })
    }

    /// The connections, the server's CPU seconds and the seconds that passed.
    fn connect_all(
        &self,
        process: &mut Process,
        endpoint: &Endpoint,
    ) -> Result<(Connections, f64, f64)> {
        let (cpu, start) = (process.cpu()?, Instant::now());
        let devices = self.devices.iter().take(self.idle);
        let connections = self.runtime.block_on(Connections::open(devices, endpoint))?;
        let seconds = start.elapsed().as_secs_f64();
        process.check()?;
        Ok((connections, (process.cpu()? - cpu).as_secs_f64(), seconds))
    }

    fn leave(&self, connections: Connections) {
        self.runtime.block_on(connections.close());
    }

    fn publish(
        &self,
        process: &mut Process,
        endpoint: &Endpoint,
    ) -> Result<(LoadReport, Duration)> {
        let config = LoadConfig {
            pace: Pace::AsAcknowledged { in_flight: 4 },
            load: Load::Bytes(PAYLOAD_BYTES),
            warm_up: Duration::ZERO,
            duration: self.seconds,
            ..LoadConfig::default()
        };
        let clients = self.devices.iter().take(self.publishers);
        let clients = clients.map(|d| (d.name.clone(), d.transport.clone())).collect();
        let cpu = process.cpu()?;
        let load = self.runtime.block_on(picket_simulate::load::run(&config, endpoint, clients));
        process.check()?;
        Ok((load, process.cpu()? - cpu))
    }
}
