//! The workspace's own commands: `cargo xtask up`, `cargo xtask test`, and the checks behind them.

mod bench;
mod fuzz;
mod layers;
mod log;
mod npm;
mod say;
mod setup;
mod steps;
mod summary;
mod tally;
mod test;
mod tidy;
mod up;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::say::say;
use crate::workspace::Workspace;

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about = "The workspace's own commands")]
struct Cli {
    #[command(subcommand)]
    command: Cmd,
}

#[derive(Debug, Subcommand)]
enum Cmd {
    /// Builds the console and the release binary, then runs `picket up --demo`
    Up {
        /// Passed on to `picket up --demo`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Runs everything that must hold before a change lands
    Test(test::Options),
    /// Fails when a crate reaches upward
    Layers,
    /// Fails on files that break a house rule no lint knows
    Tidy,
    /// Installs what `up`, `test` and `bench` need; afterwards they work offline
    Setup,
    /// Throws bytes at one reader of what strangers send, guided by coverage
    Fuzz {
        /// The target; a folder of `crates/dev/fuzz/seeds`
        target: String,
        /// How long
        #[arg(long, value_name = "SECONDS", default_value = "60")]
        seconds: u64,
    },
    /// Runs the benches in release and prints their table
    Bench {
        /// Passed on to `picket-bench`; `detect …` measures detection by itself
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli.command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Cmd) -> Result<ExitCode> {
    let workspace = Workspace::load()?;
    match command {
        Cmd::Up { args } => up::run(&workspace, &args),
        Cmd::Test(options) => test::run(&workspace, &options),
        Cmd::Layers => {
            let edges = layers::check(&workspace)?;
            say!("{} crates, {edges} dependencies: none reaches upward", workspace.packages.len());
            Ok(ExitCode::SUCCESS)
        }
        Cmd::Tidy => {
            let files = tidy::check(&workspace)?;
            say!("{files} files: tidy");
            Ok(ExitCode::SUCCESS)
        }
        Cmd::Setup => setup::everything(&workspace),
        Cmd::Fuzz { target, seconds } => fuzz::run(&workspace, &target, seconds),
        Cmd::Bench { args } => bench::run(&workspace, &args),
    }
}
