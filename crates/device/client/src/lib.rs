//! The device's side of MQTT 3.1.1 and 5 over mutual TLS.
//!
//! [`ClientSession`] is the protocol without a socket; [`BlockingClient`] drives it over a
//! [`std::net::TcpStream`] for the device agent, and `AsyncClient` (feature `tokio`) drives it over a
//! tokio stream for simulations and benches with thousands of connections. QoS 0 and 1, which is all
//! that AWS IoT speaks (spec iot-core §3.2).

#[cfg(any(test, feature = "tokio"))]
mod asynchronous;
mod blocking;
mod error;
mod identity;
mod inbox;
mod options;
mod refusal;
mod session;
#[cfg(test)]
mod tests;
#[cfg(any(test, feature = "testsuite"))]
pub mod testsuite;
mod tls;

#[cfg(any(test, feature = "tokio"))]
pub use asynchronous::{AsyncClient, Puback};
pub use blocking::{BlockingClient, BlockingStream};
pub use error::ClientError;
pub use identity::{Identity, IdentityError, IdentityFile, IdentityPaths};
pub use options::{ALPN_MQTT, ConnectOptions, Endpoint, MqttVersion, Timeouts, Transport};
pub use refusal::Refusal;
pub use session::{ClientSession, Message, PublishRequest, SessionError, SessionEvent};
pub use tls::client_config;
