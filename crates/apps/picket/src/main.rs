//! `picket`: the server, and the commands that work with one.

mod bundle;
mod cli;
mod client;
mod config;
mod credentials;
mod logging;
mod server;

use std::process::ExitCode;

/// A quarter of the server's time went into the system's allocator, for which memory that one thread takes and
/// another gives back is the dear case; here it is the usual one.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // reqwest and rustls look for a process-wide provider; a second one is no error.
    rustls::crypto::aws_lc_rs::default_provider().install_default().ok();
    cli::run()
}
