//! `picket-bench`: measures the real binary over real sockets, and its peer in the same run.
//!
//! `cargo xtask bench` builds everything in release and runs this. Figures come as ratios wherever there
//! is a peer, since machines differ.

mod devices;
mod gateway;
mod mosquitto;
mod process;
mod server;
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
}

fn main() -> Result<()> {
    // A second provider is no error.
    rustls::crypto::aws_lc_rs::default_provider().install_default().ok();
    let cli = Cli::parse();
    let picket = cli.picket.context("name the server's binary with --picket or PICKET_BIN")?;
    let duration = Duration::from_secs(cli.seconds);
    let cases = cli.case.map_or_else(
        || {
            vec![
                Case::Gateway { publishers: 50, idle: 1000 },
                Case::WholeLine { rate: 2000.0, things: 200 },
            ]
        },
        |case| vec![case],
    );
    for case in cases {
        match case {
            Case::WholeLine { rate, things } => {
                whole_line::run(&picket, rate, things, duration)?;
            }
            Case::Gateway { publishers, idle } => {
                gateway::run(&picket, publishers, idle, duration)?;
            }
        }
    }
    Ok(())
}
