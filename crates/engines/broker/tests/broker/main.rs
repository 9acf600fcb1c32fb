//! The broker over its store: what survives, what is promised, and what operators see.

mod connections;
mod journal;
mod kill;
mod listeners;
mod rig;
mod simulation;
mod store;
mod survive;
