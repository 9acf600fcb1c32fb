//! The command line: noun verb, data on standard output, talk on standard error.

mod failure;
mod output;
mod policy;
mod profile;
mod search;
mod simulate;
mod spl;
mod thing;
mod up;
mod user;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory as _, Parser, Subcommand};

pub(crate) use failure::Failure;

/// Watches a fleet of connected devices and tells when one is compromised.
#[derive(Debug, Parser)]
#[command(name = "picket", version, propagate_version = true, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server
    Up(up::UpArgs),
    /// Devices in the registry
    Thing(thing::ThingArgs),
    /// What policies come to
    Policy(policy::PolicyArgs),
    /// Search the events of a running server with SPL
    Search(search::SearchArgs),
    /// SPL without a server
    Spl(spl::SplArgs),
    /// Security profiles
    Profile(profile::ProfileArgs),
    /// Who may log in
    User(user::UserArgs),
    /// Run a simulated fleet against a server
    Simulate(simulate::SimulateArgs),
    /// The device agent, as in the separate program picket-agent
    Agent(Box<AgentCommand>),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

/// The device agent.
#[derive(Debug, Args)]
struct AgentCommand {
    /// Print and log JSON lines
    #[arg(long, global = true)]
    json: bool,
    #[command(flatten)]
    agent: picket_device_agent::AgentArgs,
}

/// How to reach a running server.
#[derive(Debug, Args)]
pub(crate) struct ServerArgs {
    /// The server's data directory, for its address and log-in
    #[arg(long, value_name = "DIR", env = "PICKET_DATA", default_value = "picket-data")]
    pub(crate) data: PathBuf,
    /// The console's address, for a server elsewhere; needs PICKET_USERNAME and PICKET_PASSWORD
    #[arg(long, value_name = "URL", env = "PICKET_ENDPOINT")]
    pub(crate) endpoint: Option<String>,
    /// Who to log in as at `--endpoint`
    #[arg(long, value_name = "NAME", env = "PICKET_USERNAME", requires = "endpoint")]
    pub(crate) username: Option<String>,
    /// Their password; better given by PICKET_PASSWORD, which other users cannot see
    #[arg(
        long,
        value_name = "PASSWORD",
        env = "PICKET_PASSWORD",
        hide_env_values = true,
        requires = "endpoint"
    )]
    pub(crate) password: Option<String>,
}

/// Runs the command of this process. Usage errors end it with 2, as clap does.
pub(crate) fn run() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Up(args) => up::run(args),
        Command::Thing(args) => thing::run(&args),
        Command::Policy(args) => policy::run(&args),
        Command::Search(args) => search::run(&args),
        Command::Spl(args) => spl::run(&args),
        Command::Profile(args) => profile::run(&args),
        Command::User(args) => user::run(&args),
        Command::Simulate(args) => simulate::run(&args),
        Command::Agent(args) => {
            return ExitCode::from(picket_device_agent::execute(args.agent, args.json));
        }
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "picket", &mut io::stdout());
            Ok(())
        }
        Command::Man => clap_mangen::Man::new(Cli::command())
            .render(&mut io::stdout())
            .map_err(|error| Failure::other("the manual page could not be written", &error)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
