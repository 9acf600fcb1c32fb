//! The engine over the real log, state store and registry.

mod bench_rate;
mod corpus;
mod restarts;
mod rig;
mod whole;
