//! The whole line: a report in, its metrics found by a search.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use picket_device_client::Endpoint;
use picket_simulate::load::{Load, LoadConfig, LoadReport, Pace};
use tokio::runtime::Runtime;

use crate::devices;
use crate::process::wait_for;
use crate::server::Server;
use crate::table::{Table, us};

/// Events come from one metric that every report has.
const COUNT: &str = "index=iot name=\"aws:num-listening-tcp-ports\" | stats count as n";
const BUSY: &str = "picket_task_busy_seconds_total{task=\"";
/// How long the line may take to empty itself after the last report.
const SETTLE: Duration = Duration::from_secs(120);

/// Drives `rate` reports a second through a server and prints what became of them.
pub(crate) fn run(picket: &Path, rate: f64, things: usize, seconds: Duration) -> Result<()> {
    let mut server = Server::start(picket)?;
    let devices = devices::enroll(&server, things)?;
    let endpoint = Endpoint::new("localhost", server.mqtt_port);
    let config = LoadConfig {
        pace: Pace::Rate(rate),
        load: Load::Reports,
        warm_up: Duration::ZERO,
        duration: seconds,
        ..LoadConfig::default()
    };
    let clients = devices.iter().map(|d| (d.name.clone(), d.transport.clone())).collect();
    let (cpu, busy) = (server.process.cpu()?, server.metrics()?);
    let runtime = Runtime::new()?;
    let done = AtomicBool::new(false);
    let (load, lags) = std::thread::scope(|scope| {
        let watcher = scope.spawn(|| watch(&server, &done));
        let load = runtime.block_on(picket_simulate::load::run(&config, &endpoint, clients));
        done.store(true, Ordering::SeqCst);
        let lags = watcher.join().unwrap_or_else(|_| Ok(Vec::new()));
        anyhow::Ok((load, lags?))
    })?;
    let drained = Instant::now();
    let reports = load.acknowledged;
    ensure!(reports > 0, "no report was acknowledged: {:?}", load.first_error);
    let found = wait_for("the last report in the index", SETTLE, || {
        let found = server.number(COUNT, "n")?;
        Ok((found >= reports).then_some(found))
    })?;
    let drain = drained.elapsed();
    server.process.check()?;
    let spent = server.process.cpu()? - cpu;
    let after = server.metrics()?;
    let lines = Lines { rate, things, load: &load, found, drain, lags, spent: spent.as_secs_f64() };
    lines.print(&busy, &after)
}

/// How far what can be found is behind what is acknowledged, in seconds, looked at twice a second.
fn watch(server: &Server, done: &AtomicBool) -> Result<Vec<f64>> {
    let newest = "index=iot name=\"aws:num-listening-tcp-ports\" | stats count";
    let mut lags = Vec::new();
    while !done.load(Ordering::SeqCst) {
        let started = Instant::now();
        let before = server.metrics()?;
        let accepted = sample(&before, "picket_stage_delivered_total{stage=\"reports\"}");
        // When will as many be found as were accepted at this moment?
        loop {
            let rows = server.search(newest)?;
            let count = rows.first().and_then(|row| row.get("count")).and_then(|c| c.as_str());
            let count: f64 = count.unwrap_or("0").parse()?;
            if count >= accepted || done.load(Ordering::SeqCst) {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        lags.push(started.elapsed().as_secs_f64());
        std::thread::sleep(Duration::from_millis(500).saturating_sub(started.elapsed()));
    }
    // The last one was cut short.
    lags.pop();
    Ok(lags)
}

fn sample(metrics: &BTreeMap<String, f64>, name: &str) -> f64 {
    metrics.get(name).copied().unwrap_or(0.0)
}

struct Lines<'a> {
    rate: f64,
    things: usize,
    load: &'a LoadReport,
    found: u64,
    drain: Duration,
    lags: Vec<f64>,
    spent: f64,
}

impl Lines<'_> {
    fn print(
        mut self,
        before: &BTreeMap<String, f64>,
        after: &BTreeMap<String, f64>,
    ) -> Result<()> {
        let load = self.load;
        let reports = load.acknowledged as f64;
        let title = format!(
            "Whole line: {} devices, {} reports/s asked for over {:.0} s",
            self.things, self.rate, load.seconds
        );
        let mut table = Table::new(title);
        table
            .row("reports acknowledged per second", format!("{:.0}", load.acknowledged_per_second));
        table.row("reports refused / lost", format!("{} / {}", load.refused, load.lost));
        let events = sample(after, "picket_siem_events");
        table.row("events indexed", format!("{events:.0}"));
        table.row(
            "reports missing from the index / twice in it",
            format!(
                "{} / {}",
                load.acknowledged.saturating_sub(self.found),
                self.found.saturating_sub(load.acknowledged)
            ),
        );
        table.row(
            "PUBACK p50 / p99",
            format!("{:.1} ms / {:.1} ms", load.latency.p50_ms, load.latency.p99_ms),
        );
        self.lags.sort_by(f64::total_cmp);
        let lag = |part: f64| {
            let at = (part * (self.lags.len().saturating_sub(1)) as f64).round() as usize;
            self.lags.get(at).map_or("-".to_owned(), |s| format!("{:.2} s", s))
        };
        table.row(
            format!("report to searchable p50 / p99 ({} looks)", self.lags.len()),
            format!("{} / {}", lag(0.5), lag(0.99)),
        );
        table.row(
            "until all were found, after the last",
            format!("{:.2} s", self.drain.as_secs_f64()),
        );
        table.row("CPU per report, whole process", us(self.spent / reports));
        for (name, value) in after.iter().filter(|(name, _)| name.starts_with(BUSY)) {
            let spent = value - sample(before, name);
            let share = spent / reports;
            if share > 1e-7 {
                let task = name.trim_start_matches(BUSY).trim_end_matches("\"}");
                table.row(format!("  of which {task}"), us(share));
            }
        }
        table.print()?;
        Ok(())
    }
}
