//! `picket-bench`: measures the real binary over real sockets, and its peer in the same run.
//!
//! `cargo xtask bench` builds everything in release and runs this. Figures come as ratios wherever there
//! is a peer, since machines differ.

mod api;
mod connections;
mod devices;
mod gateway;
mod mosquitto;
mod process;
mod server;
mod storm;
mod table;
mod whole_line;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(name = "picket-bench", about = "Measures Picket end to end")]
struct Cli {
    /// The server to measure
    #[arg(long, value_name = "FILE", env = "PICKET_BIN", global = true)]
    picket: Option<PathBuf>,
    /// Seconds that are measured, of each case
    #[arg(long, value_name = "SECONDS", default_value = "20", global = true)]
    seconds: u64,
    /// The folder with a `python` that has boto3 and moto
    #[arg(long, value_name = "DIR", env = "PICKET_BENCH_PYTHON", global = true)]
    python: Option<PathBuf>,
    #[command(subcommand)]
    case: Option<Case>,
}

#[derive(Debug, Clone, Subcommand)]
enum Case {
    /// Reports in, searchable events out
    WholeLine {
        /// Reports a second
        #[arg(long, default_value = "2000")]
        rate: f64,
        /// Devices
        #[arg(long, default_value = "200")]
        things: usize,
    },
    /// MQTT over mutual TLS at QoS 1, beside mosquitto
    Gateway {
        /// Connections that publish
        #[arg(long, default_value = "50")]
        publishers: usize,
        /// Connections that are idle
        #[arg(long, default_value = "1000")]
        idle: usize,
    },
    /// A fleet that comes back all at once, beside mosquitto
    Storm {
        /// Devices
        #[arg(long, default_value = "2000")]
        things: usize,
    },
    /// CreateThing and DescribeThing by boto3, beside moto
    Api {
        /// Calls of each operation
        #[arg(long, default_value = "3000")]
        calls: usize,
    },
}

fn main() -> Result<()> {
    // A second provider is no error.
    rustls::crypto::aws_lc_rs::default_provider().install_default().ok();
    let cli = Cli::parse();
    let picket = cli.picket.context("name the server's binary with --picket or PICKET_BIN")?;
    let duration = Duration::from_secs(cli.seconds);
    let cases = cli.case.map_or_else(every_case, |case| vec![case]);
    for case in cases {
        match case {
            Case::WholeLine { rate, things } => {
                whole_line::run(&picket, rate, things, duration)?;
            }
            Case::Gateway { publishers, idle } => {
                gateway::run(&picket, publishers, idle, duration)?;
            }
            Case::Storm { things } => storm::run(&picket, things)?,
            Case::Api { calls } => {
                let python = cli.python.as_deref();
                let python =
                    python.context("name a folder with --python or PICKET_BENCH_PYTHON")?;
                api::run(&picket, python, calls)?;
            }
        }
    }
    Ok(())
}

/// What a run without a case measures.
fn every_case() -> Vec<Case> {
    vec![
        Case::Gateway { publishers: 50, idle: 1000 },
        Case::Storm { things: 2000 },
        Case::Api { calls: 3000 },
        Case::WholeLine { rate: 2000.0, things: 200 },
    ]
}
