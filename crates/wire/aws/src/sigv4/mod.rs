//! Signature Version 4 (spec iot-core §1.3): who signed a request, and whether they did.
//!
//! Reading and checking are two steps, so that a server can look the key up in between and need not take
//! the body of a caller it does not know: [`Claim::read`] on the head of a request, then
//! [`Verifier::verify`] with the key's secret and the body.

mod canonical;
mod chunked;
mod claim;
mod error;
mod explain;
mod key;
mod sign;
mod verify;

#[cfg(test)]
mod tests;

use http::{HeaderMap, Method, Uri};

pub use chunked::{ChunkError, Trailers};
pub use claim::{Claim, Form, Scope};
pub use error::{SignatureError, SignatureFault};
pub use key::KeyCache;
pub use sign::Signer;
pub use verify::{Rules, Verified, Verifier};

pub(crate) const ALGORITHM: &str = "AWS4-HMAC-SHA256";
pub(crate) const EMPTY_SHA256: &str =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// The head of a request, as it came.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    /// The method.
    pub method: &'a Method,
    /// The target; only its path and query count, raw.
    pub uri: &'a Uri,
    /// The headers.
    pub headers: &'a HeaderMap,
}

impl Head<'_> {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}
