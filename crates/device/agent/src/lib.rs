//! The device agent: measures the machine it runs on and reports to Device Defender (spec
//! device-defender §1).
//!
//! One thread, no runtime, a cap on its own memory. [`execute`] is the whole command line, for
//! `picket-agent` and for `picket agent`.

mod agent;
mod args;
mod backoff;
mod check;
pub mod collectors;
mod command;
mod config;
mod connection;
mod custom;
mod interfaces;
mod memory;
mod procfs;
mod reporter;
mod sockets;
#[cfg(test)]
mod tests;

pub use agent::{Agent, AgentError};
pub use args::AgentArgs;
pub use check::{Step, StepOutcome, check, has_passed};
pub use command::{EXIT_DENIED, EXIT_FAILED, EXIT_OK, EXIT_USAGE, execute};
pub use config::{AgentConfig, ConfigError};
pub use custom::{CustomMetric, CustomMetricError, ValueKind, ValueSource};
pub use memory::{MemoryCapError, cap as cap_memory};
pub use procfs::{Procfs, ProcfsError};
pub use reporter::{Measurement, Reporter};
