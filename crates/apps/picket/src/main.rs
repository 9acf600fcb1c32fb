//! `picket`: the server, and the commands that work with one.

mod bundle;
mod cli;
mod client;
mod config;
mod credentials;
mod logging;
mod server;

use std::process::ExitCode;

fn main() -> ExitCode {
    // reqwest and rustls look for a process-wide provider; a second one is no error.
    rustls::crypto::aws_lc_rs::default_provider().install_default().ok();
    cli::run()
}
