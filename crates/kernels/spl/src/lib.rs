//! SPL: the language of searches, compiled to DataFusion.

mod error;

pub use error::SplError;
