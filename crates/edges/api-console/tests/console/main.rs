//! The console over real sockets.

#![expect(clippy::unwrap_used, reason = "test code")]

mod access;
mod alarms;
mod api;
mod authorities;
mod certificates;
mod changes;
mod client;
mod connections;
mod control;
mod fakes;
mod groups;
mod limits;
mod log_in;
mod metrics;
mod mitigation;
mod mqtt;
mod notifications;
mod policies;
mod profiles;
mod rig;
mod search;
mod shapes;
mod things;
mod users;
