//! The broker: who is subscribed to what, retained messages, and the sessions of all clients
//! (spec iot-core §3).
//!
//! It knows nothing of sockets, TLS or policies. The gateway calls [`Broker::connect`] for each
//! CONNECT it has let in, and asks the [`Attachment`] it gets for the messages to send. A publish
//! costs its sender a look-up and one short lock for each receiver; a slow receiver only ever fills
//! its own bounded queue. The account book counts copies: one for each receiver of a message.
//!
//! Sessions that outlive their connection and retained messages survive the process, killed or not
//! ([`Broker::open`]). What a publisher is acknowledged for and such a session has not acknowledged, or
//! is retained, is on stable storage before the acknowledgement ([`Routed::stored`]). After a crash a
//! client may get a message again that it had acknowledged in the last moment, and a session may come
//! back that ended in that moment; nothing acknowledged is lost.

mod attachment;
mod broker;
mod connect;
mod connections;
mod depart;
mod direct;
mod group;
mod housekeeping;
mod journal;
mod limits;
mod listeners;
mod past;
mod publish;
mod records;
mod restore;
mod retained;
mod slot;
mod stats;
mod stored;
mod subscriptions;

pub use attachment::{Attachment, Departure, Standing, SubscribeOptions, Subscribed};
pub use broker::{Broker, Will};
pub use connect::{Connected, SessionRequest};
pub use limits::{BrokerConfig, BrokerLimits};
pub use publish::Routed;
pub use restore::OpenError;
pub use slot::SessionId;
pub use stats::BrokerStats;
pub use stored::{NotStored, Stored};

#[cfg(test)]
mod tests;
