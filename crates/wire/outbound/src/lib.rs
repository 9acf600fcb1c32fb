//! Where this server may connect to, and the HTTP client that keeps to it.
//!
//! Addresses of delivery streams, webhooks and notifications come from people who configure, not from
//! those who run the machine. [`OutboundRules`] refuses what lies on this machine or inside of its network
//! unless the configuration allows it: on the URL itself, and again on every address that its name resolves
//! to. [`client`] makes a client that asks for nothing else: no proxy, no redirects, certificates verified.

mod client;
mod rules;
mod tls;

pub use client::client;
pub use rules::{Checked, Looseness, OutboundRules, Refused, Resolver};
pub use tls::{TlsError, tls_config};
