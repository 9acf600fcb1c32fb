//! A believable fleet over real MQTT connections, and a load generator for benches.
//!
//! [`Simulation`] connects one client a device; each reports to Device Defender and sends some data of
//! its own. What a device reports is a pure function of seed, device and time, so the same seed gives
//! the same reports. A [`Scenario`] makes one device misbehave.

mod chance;
mod config;
mod day;
mod device;
mod fleet;
pub mod kinds;
pub mod load;
mod retry;
pub mod scenarios;
mod statistics;

pub use config::{InvalidSimulation, SimulationConfig};
pub use device::{Device, Moment};
pub use fleet::Simulation;
pub use kinds::{DeviceKind, names};
pub use scenarios::Scenario;
pub use statistics::{Statistics, StatisticsSnapshot};
