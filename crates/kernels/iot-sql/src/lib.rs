//! The SQL of topic rules (spec iot-core §5.3–§5.7): parser, evaluator, functions, templates.
//!
//! A [`Statement`] is parsed once; [`Statement::evaluate`] then answers per message. Undefined is not
//! an error: it is a value of its own, written here as `None`. Nothing here does input or output; time
//! and randomness come with the [`Input`].

mod ast;
mod convert;
mod error;
mod eval;
mod filter;
pub mod functions;
mod input;
mod lexer;
mod operators;
mod parser;
mod statement;
mod template;
mod version;

pub use error::SqlError;
pub use filter::filter_problem;
pub use input::{Input, MqttProperties};
pub use statement::{Emission, Evaluation, Outcome, Statement};
pub use template::Template;
pub use version::SqlVersion;
