//! The HTTP Event Collector.
//!
//! A request walks through `service` in a fixed order of checks; `body` reads and unpacks it within
//! the limits of [`config`], `intake` turns it into events, and the index stores them before the
//! answer goes out. [`tokens`] says who may write where, `acks` which ids are searchable.

mod acks;
mod auth;
mod body;
pub mod config;
mod intake;
mod query;
mod response;
pub mod server;
mod service;
pub mod stats;
pub mod tokens;

pub use config::HecConfig;
pub use server::{HecDeps, HecServer, OpenError};
pub use stats::HecStats;
pub use tokens::HecToken;
