//! Splunk's interfaces, as clients know them.
//!
//! [`collector`] is the HTTP Event Collector (spec delivery §5).

pub mod collector;

pub use collector::{HecConfig, HecDeps, HecServer, HecStats, HecToken, OpenError};
