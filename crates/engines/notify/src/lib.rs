//! Notification topics: what SNS does (spec delivery §3), and three protocols beside AWS's.
//!
//! Topics and subscriptions are documents of the registry; [`NotifyEngine`] has the operations on them.
//! A message that is taken is stored once, with one waiting delivery for each confirmed subscription, in
//! one batch ([`intake`]). A [`lane`] for each subscription makes the attempts, a few at a time, and settles
//! each: delivered, to be tried again at a time that is stored too, or given up with the reason and kept for
//! inspection. After a crash everything that was not settled is tried again, with the same message id.
//!
//! One protocol is one file in [`protocols`] and a line in its list. [`DeviceAlerts`] makes the messages for
//! alarms (spec device-defender §4.7).

mod alerts;
mod attempt;
mod book;
mod config;
mod control;
mod delivery_policy;
mod document;
mod engine;
mod envelope;
mod error;
mod filter;
mod intake;
mod lane;
mod mailer;
mod message;
mod protocols;
mod publication;
mod restore;
mod retry;
mod signing;
mod store;
mod sweep;
#[cfg(any(test, feature = "testsuite"))]
pub mod testsuite;
mod ways;

pub use alerts::DeviceAlerts;
pub use config::{NotifyConfig, SmtpConfig, SmtpSecurity};
pub use control::{Subscribe, Subscribed, SubscriptionView, TagPairs, TopicView, Undelivered};
pub use engine::{Dependencies, NotifyEngine, OpenError};
pub use error::TopicError;
pub use filter::{FilterPolicy, Scope};
pub use mailer::MailerError;
pub use message::{Attribute, Tally};
pub use publication::Publication;
pub use signing::SigningError;
pub use ways::WaysError;

#[cfg(test)]
mod tests;
