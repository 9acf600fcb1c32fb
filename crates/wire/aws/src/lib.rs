//! What AWS's clients put on the wire: signatures, errors, pagination tokens and the query protocol.
//!
//! Everything here is a pure function of its input and the time it is given. The AWS endpoint and the
//! gateway's WebSocket listener are the ones that read sockets.

pub mod errors;
pub mod query;
pub mod sigv4;
pub mod timestamp;
pub mod token;
pub mod xml;

pub use errors::{AwsCode, AwsError, Protocol, Rendered};
pub use token::{TokenError, TokenKey};
