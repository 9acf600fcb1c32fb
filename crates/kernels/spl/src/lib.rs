//! SPL: the language of searches, compiled to DataFusion.
//!
//! [`Query::parse`] reads a text into stages; [`Query::run`] puts the stages on top of a table of
//! events, one by one, so that each knows the columns it works on, and runs the plan. Rows have an order
//! at every stage: it is kept in hidden columns and only sorted by where a command or the answer needs it.

pub mod aggregates;
pub mod eval;
pub mod functions;
pub mod time;
pub mod value;

mod apart;
mod commands;
mod count;
mod error;
mod fields;
mod flow;
mod json_path;
mod mapping;
mod nearest;
mod ordering;
mod output;
mod parser;
mod pattern;
mod query;
mod run;
mod search;

pub use commands::{ALL as COMMANDS, Command};
pub use error::SplError;
pub use query::{Query, resolve_time};
pub use run::{Answer, RunError, RunOptions};
pub use search::Scope;

#[cfg(test)]
mod tests;
