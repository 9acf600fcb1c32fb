//! The broker over its store: what survives, what is promised, and what operators see.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod connections;
mod direct;
mod growth;
mod journal;
mod kill;
mod listeners;
mod races;
mod resume;
mod rig;
mod room;
mod simulation;
mod store;
mod survive;
