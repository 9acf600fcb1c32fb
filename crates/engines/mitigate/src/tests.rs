//! The engine over a real registry and a real state store; what it acts on is a world that outlives
//! crashes and counts what is done to it.

mod actions;
mod audit;
mod crash;
mod detect;
mod lists;
mod world;
