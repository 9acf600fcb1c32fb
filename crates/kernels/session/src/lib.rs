//! What an MQTT session is, without its connection: topics and filters, and the messages on their
//! way to one client (spec iot-core §3).
//!
//! Everything here is a plain state machine: time is an argument, nothing is sent or stored. The
//! broker holds one [`Session`] for each client; the gateway turns its [`Effect`]s into packets. A
//! session that outlives its connection says what a store must learn ([`Session::changes`]) and comes
//! back from it ([`Session::restore`]).

mod delivery;
mod dialect;
mod filter;
mod reserved;
mod session;

pub use delivery::{Delivery, DropReason};
pub use dialect::Dialect;
pub use filter::{Filter, TopicLimits, TopicProblem, check_topic, matches};
pub use reserved::{Destination, can_be_subscribed, destination};
pub use session::{Changes, Effect, Fate, Input, Session, SessionLimits, Window};
