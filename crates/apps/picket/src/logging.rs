//! Where log lines go: standard error.

use std::io::{self, IsTerminal as _};

use tracing_subscriber::EnvFilter;

use crate::config::LogConfig;

/// Starts logging. Returns what is wrong with the directives, if anything is.
pub(crate) fn start(config: &LogConfig) -> Result<(), String> {
    let filter = EnvFilter::try_new(&config.level)
        .map_err(|error| format!("log.level `{}` cannot be read: {error}", config.level))?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal());
    let started = match config.json {
        true => builder.json().try_init(),
        false => builder.try_init(),
    };
    started.map_err(|error| format!("logging could not be started: {error}"))
}
