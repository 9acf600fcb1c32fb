//! The broker: who is subscribed to what, retained messages, and the sessions of all clients
//! (spec iot-core §3).
//!
//! It knows nothing of sockets, TLS or policies. The gateway calls [`Broker::connect`] for each
//! CONNECT it has let in, and asks the [`Attachment`] it gets for the messages to send. A publish
//! costs its sender a look-up and one short lock for each receiver; a slow receiver only ever fills
//! its own bounded queue. The account book counts copies: one for each receiver of a message.

mod attachment;
mod broker;
mod housekeeping;
mod limits;
mod publish;
mod retained;
mod slot;
mod stored;
mod subscriptions;

pub use attachment::{Attachment, Departure, Standing, SubscribeOptions, Subscribed};
pub use broker::{Broker, Connected, SessionRequest, Will};
pub use limits::BrokerLimits;
pub use publish::Routed;
pub use slot::SessionId;
pub use stored::{NotStored, Stored};

#[cfg(test)]
mod tests;
