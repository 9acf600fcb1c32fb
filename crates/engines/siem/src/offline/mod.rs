//! SPL without a server: each line of a file is a search and the events it runs on.

mod answer;
mod case;

pub use answer::{eval_line, parse_line};
pub use case::{OfflineCase, OfflineError};
