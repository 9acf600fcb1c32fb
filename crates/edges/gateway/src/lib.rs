//! The MQTT front door: listeners, identity, rights, limits and counting (spec iot-core §3, §4.5,
//! §4.6).
//!
//! [`Gateway::start`] opens the listeners. Each connection is one task: TLS, CONNECT, policy, then a
//! loop that turns packets into calls of the broker and of the report intake, and the session's
//! messages into packets. The codec and the connection state machine are `mqtt-protocol-core`'s.

mod address;
mod config;
mod connection;
mod counters;
mod door;
mod faults;
mod gateway;
mod lifecycle;
mod live;
mod reserved;
mod rights;
mod rules;
mod tls;
mod verifier;

pub use address::ListenAddress;
pub use config::{GatewayConfig, InvalidGatewayConfig, PlaintextAuth};
pub use counters::{GatewayCounters, Refused};
pub use gateway::{BoundAddresses, Gateway, GatewayError, GatewayParts};
pub use rules::RulesConfig;
pub use tls::ServerIdentity;
