//! The front door: listeners, identity, rights, limits and counting (spec iot-core §3, §4.5, §4.6).
//!
//! [`Gateway::start`] opens the listeners. Each connection is one task: TLS, on the ALPN port perhaps
//! HTTP and a WebSocket, CONNECT, policy, then a loop that turns packets into calls of the broker and of
//! the report intake, and the session's messages into packets. The codec and the connection state
//! machine are `mqtt-protocol-core`'s, TLS is rustls', HTTP is hyper's.

mod address;
mod bucket;
mod config;
mod connection;
mod counters;
mod door;
mod doors;
mod faults;
mod gateway;
mod https;
mod iot_log;
mod just_in_time;
mod lifecycle;
mod listener;
mod live;
mod log;
mod rates;
mod reserved;
mod rights;
mod rules;
mod session_rights;
mod shared;
mod standing;
mod tls;
mod websocket;

pub use address::ListenAddress;
pub use config::{GatewayConfig, InvalidGatewayConfig, PlaintextAuth};
pub use counters::{GatewayCounters, Refused};
pub use doors::BoundAddresses;
pub use gateway::{Gateway, GatewayError, GatewayParts};
pub use rules::RulesConfig;
pub use tls::ServerIdentity;
