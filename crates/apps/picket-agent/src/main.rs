//! `picket-agent`: the device agent as a program of its own, for small machines.

mod log;

use std::process::ExitCode;

use clap::Parser;
use picket_device_agent::{AgentArgs, execute};
use tracing::Level;

/// Measure this device and report to Device Defender.
#[derive(Debug, Parser)]
#[command(name = "picket-agent", version)]
struct Cli {
    /// Write log lines and results as JSON.
    #[arg(long, global = true)]
    json: bool,
    /// Log more: each report and its answer.
    #[arg(long, short, global = true)]
    verbose: bool,
    #[command(flatten)]
    agent: AgentArgs,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    start_logging(cli.json, cli.verbose);
    ExitCode::from(execute(cli.agent, cli.json))
}

fn start_logging(json: bool, verbose: bool) {
    let level = if verbose { Level::DEBUG } else { Level::INFO };
    // Fails only if there is a log already.
    tracing::subscriber::set_global_default(log::Log { level, json }).ok();
}
