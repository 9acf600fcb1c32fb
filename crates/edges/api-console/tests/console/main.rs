//! The console over real sockets.

#![expect(clippy::unwrap_used, reason = "test code")]

mod access;
mod api;
mod client;
mod control;
mod fakes;
mod limits;
mod log_in;
mod rig;
mod search;
