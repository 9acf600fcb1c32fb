//! Detect: the engine that takes reports, watches what the front door sees, holds both against the
//! security profiles, keeps the book of alarms and exports the metrics (spec device-defender §1–§5).
//!
//! Everything it decides is a function of the `reports` log: device reports, the counts of the front
//! door and the passing of time all stand in it as [records](record), so a replay after a crash comes
//! to the same alarms with the same ids. [`partition`] is that function; [`worker`] feeds it and stores
//! its state together with the offset; [`export`] follows behind with an offset of its own.

mod alarms;
mod behavior;
mod cloud;
mod config;
mod engine;
mod export;
mod export_batch;
mod flush;
mod history;
mod intake;
mod keeper;
mod lens;
mod partition;
mod percentiles;
mod plan;
mod record;
mod stats;
mod storage;
mod thing;
mod trim;
mod violation;
mod wake;
mod watchlist;
mod worker;

pub use alarms::AlarmCounts;
pub use config::DetectConfig;
pub use engine::{Dependencies, DetectEngine, OpenError};
pub use stats::{BrokenProfile, DetectStats};

#[cfg(test)]
mod tests;
