//! `picket simulate`: a simulated fleet against a running server.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use picket_core::{SystemClock, Tasks};
use picket_device_client::{Endpoint, Identity};
use picket_ports::NewDeviceRequest;
use picket_simulate::{Simulation, SimulationConfig, Statistics, scenarios};
use serde_json::json;

use super::{Failure, ServerArgs, output};
use crate::bundle;
use crate::client::ConsoleClient;
use crate::credentials::Credentials;

/// How often the progress is shown.
const TICK: Duration = Duration::from_millis(250);

/// Run a simulated fleet against a server.
#[derive(Debug, Args)]
pub(super) struct SimulateArgs {
    /// Devices
    #[arg(long, value_name = "N", default_value = "24")]
    things: u32,
    /// What goes wrong with one of them: none, ftp-backdoor, exfiltration or brute-force
    #[arg(long, value_name = "SCENARIO", default_value = "none")]
    scenario: String,
    /// When it goes wrong, in seconds from the start
    #[arg(long, value_name = "SECONDS", default_value = "20")]
    onset: u64,
    /// The device it happens to; one that the seed picks when left out
    #[arg(long, value_name = "NAME")]
    victim: Option<String>,
    /// Reports a second of the whole fleet; one report a device every ten seconds when left out
    #[arg(long, value_name = "R")]
    rate: Option<f64>,
    /// The same seed gives the same reports
    #[arg(long, value_name = "SEED", default_value = "1")]
    seed: u64,
    /// Stop after so many seconds; runs until interrupted when left out
    #[arg(long, value_name = "SECONDS")]
    duration: Option<u64>,
    /// Where the devices' identities are kept; `simulated` in the data directory when left out
    #[arg(long, value_name = "DIR")]
    identities: Option<PathBuf>,
    /// The MQTT address, for a server elsewhere
    #[arg(long, value_name = "HOST:PORT", requires = "endpoint")]
    mqtt: Option<String>,
    /// Print the final counts as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArgs,
}

/// Runs the command.
pub(super) fn run(args: &SimulateArgs) -> Result<(), Failure> {
    let config = configuration(args)?;
    let endpoint = endpoint(args)?;
    let identities = identities(args)?;
    let simulation = Simulation::new(config, endpoint, identities, Arc::new(SystemClock))
        .map_err(|error| Failure::usage(error.to_string()))?;
    let statistics = simulation.statistics();
    let runtime = tokio::runtime::Runtime::new()
        .map_err(|error| Failure::other("the runtime could not be started", &error))?;
    runtime.block_on(until_stopped(args, simulation, &statistics))?;
    let counts = statistics.snapshot();
    match args.json {
        true => output::print_json(&json!(counts)),
        false => output::print_line(&format!(
            "{} reports accepted, {} rejected, {} reconnects",
            counts.reports_accepted, counts.reports_rejected, counts.reconnects
        )),
    }
}

fn configuration(args: &SimulateArgs) -> Result<SimulationConfig, Failure> {
    let wrong = |error: picket_simulate::InvalidSimulation| Failure::usage(error.to_string());
    let defaults = SimulationConfig::default();
    let interval = match args.rate {
        None => defaults.interval,
        Some(rate) => {
            SimulationConfig::interval_for_rate(args.things as usize, rate).map_err(wrong)?
        }
    };
    Ok(SimulationConfig {
        seed: args.seed,
        scenario: scenarios::find(&args.scenario).map_err(wrong)?,
        onset: Duration::from_secs(args.onset),
        victim: args.victim.clone(),
        interval,
        ..defaults
    })
}

fn endpoint(args: &SimulateArgs) -> Result<Endpoint, Failure> {
    if let Some(address) = &args.mqtt {
        let parts = address.rsplit_once(':');
        let parsed = parts.and_then(|(host, port)| Some((host, port.parse().ok()?)));
        return parsed
            .map(|(host, port)| Endpoint::new(host, port))
            .ok_or_else(|| Failure::usage(format!("--mqtt `{address}` is not HOST:PORT")));
    }
    let known = Credentials::read(&args.server.data).map_err(|error| {
        let path = Credentials::path(&args.server.data);
        Failure::other(format!("{} could not be read", path.display()), &error)
    })?;
    match known.mqtt.port {
        Some(port) => Ok(Endpoint::new(known.mqtt.host, port)),
        None => Err(Failure::usage("the server's `gateway.mqtt` is off")),
    }
}

/// The devices' identities: those kept from an earlier run, and new things for the rest.
fn identities(args: &SimulateArgs) -> Result<Vec<(String, Identity)>, Failure> {
    let kept = args.identities.clone().unwrap_or_else(|| args.server.data.join("simulated"));
    let names = picket_simulate::names(args.things as usize);
    let bar = bar(names.len() as u64, "enrolling {bar:30} {pos}/{len}");
    let mut client = None;
    let mut identities = Vec::with_capacity(names.len());
    for name in names {
        let directory = kept.join(&name);
        if !bundle::is_in(&directory) {
            let client = match &mut client {
                Some(client) => client,
                empty => empty.insert(ConsoleClient::open(&args.server)?),
            };
            enroll(client, &directory, &name)?;
        }
        let identity = bundle::load(&directory).map_err(|error| Failure::because(&error))?;
        identities.push((name, identity));
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(identities)
}

fn enroll(client: &ConsoleClient, directory: &Path, name: &str) -> Result<(), Failure> {
    let bundle = client.create_thing(&NewDeviceRequest::named(name))?;
    bundle.write(directory).map_err(|error| Failure::because(&error))
}

/// A progress bar, which shows on a terminal only.
fn bar(length: u64, template: &str) -> ProgressBar {
    let bar = ProgressBar::new(length);
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}

async fn until_stopped(
    args: &SimulateArgs,
    simulation: Simulation,
    statistics: &Statistics,
) -> Result<(), Failure> {
    let tasks = Tasks::new();
    simulation.start(&tasks);
    let spinner = bar(0, "{spinner} {msg}");
    let watch = async {
        let mut ticks = tokio::time::interval(TICK);
        loop {
            ticks.tick().await;
            let now = statistics.snapshot();
            spinner.set_message(format!(
                "{}/{} connected, {} reports accepted, {} rejected",
                now.connected, now.devices, now.reports_accepted, now.reports_rejected
            ));
            spinner.tick();
        }
    };
    let timer = async {
        match args.duration {
            Some(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
            None => std::future::pending().await,
        }
    };
    let interrupted = tokio::signal::ctrl_c();
    let outcome = tokio::select! {
        () = watch => Ok(()),
        () = timer => Ok(()),
        signal = interrupted => {
            signal.map_err(|error| Failure::other("signals are not to be had", &error))
        }
    };
    spinner.finish_and_clear();
    tasks.shut_down(Duration::from_secs(10)).await;
    outcome
}
