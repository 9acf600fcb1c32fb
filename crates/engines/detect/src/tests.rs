//! The engine over the real log, state store and registry.

mod backtests;
mod bad_input;
mod bench_rate;
mod corpus;
mod percentile_restarts;
mod restarts;
mod rig;
mod whole;
