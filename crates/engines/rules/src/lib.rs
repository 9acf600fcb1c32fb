//! Topic rules: which messages they match, what they make of them, and where that goes
//! (spec iot-core §5).
//!
//! [`RulesEngine`] is the broker's message tap. It keeps the registry's documents of kind
//! `TopicRule` compiled, and runs their actions to the end before it answers, so that whoever
//! publishes knows that a durable action has stored its record.

pub mod actions;
mod document;
mod engine;
mod matcher;
mod metrics;
mod rule;

pub use document::{Problem, validate};
pub use engine::{RulesConfig, RulesEngine, RulesParts};
pub use metrics::{ActionMetrics, RuleMetrics, RulesMetrics};
